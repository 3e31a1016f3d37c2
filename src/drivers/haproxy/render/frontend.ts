// One frontend: where it listens, who may come in, what is read and said on the way.
import type { WorldLayer7, WorldListener } from '../../../model/world.ts';
import { backendName, frontendName, type Places } from '../names.ts';
import { comment, quote } from '../quote.ts';
import { bindLines } from './bind.ts';
import { errorPageLines } from './error-pages.ts';
import { headerLines } from './headers.ts';
import { admissionLines } from './limits.ts';
import { httpRuleLines, tlsRuleLines } from './rules.ts';

export function isHttp(listener: WorldListener): boolean {
  return listener.protocol === 'http' || listener.protocol === 'https';
}

export function renderFrontend(listener: WorldListener, places: Places): string {
  const http = isHttp(listener);
  const { layer7 } = listener;
  const lines = [
    `mode ${http ? 'http' : 'tcp'}`,
    ...bindLines(listener, places),
    ...timeoutLines(layer7?.timeouts, http),
    ...admissionLines(listener, places),
    ...(http ? httpLines(listener, layer7, places) : []),
    ...(listener.protocol === 'tls' ? tlsRuleLines(listener, places) : []),
    ...(layer7?.raw ?? []),
    `default_backend ${backendName(listener.key)}`,
  ];
  return section(`frontend ${frontendName(listener.key)}`, listener.name, lines);
}

/** The name people know stands in a comment: it decides nothing. */
export function section(head: string, name: string, lines: readonly string[]): string {
  return `${head} # ${comment(name)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function httpLines(listener: WorldListener, layer7: WorldLayer7 | undefined, places: Places): string[] {
  const options = layer7?.http;
  // A reload lets idle clients send one more request instead of cutting the connection under their hands.
  const lines: string[] = ['option idle-close-on-response'];
  if (options === undefined) return [...lines, ...headerLines(listener)];
  lines.push(...errorPageLines(options, places));
  if (options.maintenance) lines.push('http-request deny deny_status 503');
  lines.push(...headerLines(listener), ...httpRuleLines(listener, places));
  if (options.compression)
    lines.push(
      'filter compression',
      'compression algo gzip',
      `compression type ${COMPRESSED.map(quote).join(' ')}`,
    );
  return lines;
}

/** What is text. Pictures, films and archives are compressed already. */
const COMPRESSED = [
  'text/html',
  'text/plain',
  'text/css',
  'text/xml',
  'text/javascript',
  'application/javascript',
  'application/json',
  'application/xml',
  'image/svg+xml',
];

function timeoutLines(timeouts: WorldLayer7['timeouts'] | undefined, http: boolean): string[] {
  if (timeouts === undefined) return [];
  const lines = [`timeout client ${timeouts.clientMs}ms`];
  if (http && timeouts.requestMs > 0) lines.push(`timeout http-request ${timeouts.requestMs}ms`);
  if (http && timeouts.keepAliveMs > 0) lines.push(`timeout http-keep-alive ${timeouts.keepAliveMs}ms`);
  return lines;
}
