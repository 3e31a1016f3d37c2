// One backend: how a member is chosen, who sticks to it, and what every server line of it says.
import { InputError } from '../../../model/errors.ts';
import type { Persistence } from '../../../model/listener.ts';
import type { Passive } from '../../../model/pool.ts';
import type { PoolTls } from '../../../model/tls.ts';
import type { WorldListener, WorldPool } from '../../../model/world.ts';
import {
  backendName,
  certificatePath,
  copyPath,
  digest,
  type Places,
  standInPath,
  TLS_KEEPER,
} from '../names.ts';
import { argument, quote, token } from '../quote.ts';
import type { Backend } from '../record-types.ts';
import { cipherList, versionWord } from './bind.ts';
import { isHttp, section } from './frontend.ts';

export function renderBackend(
  listener: WorldListener,
  container: string,
  pool: Pick<WorldPool, 'name' | 'options'>,
  places: Places,
): Backend {
  const http = isHttp(listener);
  const { layer7 } = listener;
  const timeouts = layer7?.timeouts;
  const lines = [
    `mode ${http ? 'http' : 'tcp'}`,
    ...balanceLines(listener),
    ...(timeouts === undefined
      ? []
      : [`timeout connect ${timeouts.connectMs}ms`, `timeout server ${timeouts.memberMs}ms`]),
    ...persistenceLines(listener),
    ...queueLines(pool.options.maxQueue, http),
    ...(http ? standInLines(backendName(container), listener, places) : []),
  ];
  const options = serverOptions(pool.options, http, places);
  // "add server" takes certificates and authorities only where some line of the file has loaded them.
  if (pool.options.tls !== undefined) lines.push(`server ${TLS_KEEPER} 127.0.0.1:1 disabled ${options}`);
  return {
    text: section(`backend ${backendName(container)}`, pool.name, lines),
    serverOptions: options,
  };
}

function balanceLines(listener: WorldListener): string[] {
  switch (listener.scheduler) {
    case 'lc':
    case 'wlc':
      return ['balance leastconn'];
    case 'random':
      return ['balance random(2)'];
    case 'sh':
      return listener.schedulerFlags.includes('port')
        ? ['balance hash src,concat(:,sess.sport)', CONSISTENT]
        : ['balance source', CONSISTENT];
    case 'uri':
      return ['balance uri', CONSISTENT];
    case 'header':
      return [`balance ${quote(`hdr(${token('header', listener.schedulerKey ?? '')})`)}`, CONSISTENT];
    default:
      return ['balance roundrobin'];
  }
}

/** A map-based hash would fix members and weights until the next reload. */
const CONSISTENT = 'hash-type consistent sdbm avalanche';

function persistenceLines(listener: WorldListener): string[] {
  const { persistence } = listener;
  if (persistence === undefined) return [];
  const seconds = Math.max(1, Math.ceil(persistence.timeoutMs / 1000));
  switch (persistence.kind) {
    case 'source':
      return sourceLines(persistence, seconds);
    case 'insert-cookie':
      return [
        `cookie ${quote(token('cookie', persistence.cookie))} insert indirect nocache dynamic httponly maxidle ${seconds}s`,
        // Names no secret: both nodes of a pair must give one member the same cookie. It hides addresses from a glance.
        `dynamic-cookie-key ${digest(`cookie ${listener.name}`)}`,
      ];
    case 'app-cookie': {
      const cookie = argument(token('cookie', persistence.cookie));
      return [
        `stick-table type string len 64 size 200k expire ${seconds}s peers lbctl`,
        `stick store-response ${quote(`res.cook(${cookie})`)}`,
        `stick match ${quote(`req.cook(${cookie})`)}`,
      ];
    }
    default:
      return [];
  }
}

function sourceLines(persistence: Persistence & { readonly kind: 'source' }, seconds: number): string[] {
  return [
    `stick-table type ipv6 size 200k expire ${seconds}s peers lbctl`,
    `stick on src,ipmask(${persistence.granularityV4},${persistence.granularityV6})`,
  ];
}

/**
 * "maxqueue" of a server bounds who waits for this very one, by a cookie or table; everybody else waits in the queue of the
 * backend, which has no bound of its own. Members that come and go count without a reload.
 */
function queueLines(maxQueue: number, http: boolean): string[] {
  if (maxQueue === 0) return [];
  const stage = http ? 'http-request' : 'tcp-request content';
  return [
    `${stage} set-var(txn.queued) queue`,
    `${stage} set-var(txn.room) ${quote(`nbsrv,mul(${maxQueue}),sub(txn.queued)`)}`,
    `${stage} ${http ? 'deny deny_status 503' : 'reject'} if { queue gt 0 } { var(txn.room) -m int le 0 }`,
  ];
}

/** Whether it turns away who finds no room in the queue. */
export function isBounded({ text }: Backend): boolean {
  return text.includes('(txn.room)');
}

/** In a worker that a reload left behind, which no command about servers reaches: whom a map names, whoever sticks to whom. */
function standInLines(backend: string, { persistence }: WorldListener, places: Places): string[] {
  const standIn = `str(${backend}),map(${standInPath(places)})`;
  const condition = `if { stopping } { ${quote(standIn)} -m found }`;
  return [
    `use-server ${quote(`%[${standIn}]`)} ${condition}`,
    ...(persistence === undefined ? [] : [`ignore-persist ${condition}`]),
  ];
}

function serverOptions(options: WorldPool['options'], http: boolean, places: Places): string {
  const words: string[] = [];
  if (options.sendProxy !== 0) words.push(options.sendProxy === 2 ? 'send-proxy-v2' : 'send-proxy');
  if (options.maxQueue > 0) words.push(`maxqueue ${options.maxQueue}`);
  if (options.passive !== undefined) words.push(...passiveWords(options.passive, http));
  if (options.tls !== undefined) words.push(...memberTlsWords(options.tls, places));
  return words.join(' ');
}

/** HAProxy watches only what it checks too: its check is a bare connection, which brings back whom traffic took out. */
function passiveWords({ observe, errors, retryMs }: Passive, http: boolean): string[] {
  if (observe === 'answers' && !http)
    throw new InputError(
      'HAPROXY_REFUSED',
      'Cannot watch the answers of members as the listener reads no HTTP',
      {
        hint: 'Use "observe: connections", or protocol http or https',
      },
    );
  const layer = observe === 'answers' ? 'layer7' : 'layer4';
  return [
    `check inter ${retryMs}ms rise 1 fall 1`,
    `observe ${layer} error-limit ${errors} on-error mark-down`,
  ];
}

/** Whether servers of these options have to be told to begin with their checks when they come at run time. */
export function isWatched({ serverOptions: options }: Backend): boolean {
  return /(^| )check inter /.test(options);
}

function memberTlsWords(tls: PoolTls, places: Places): string[] {
  const words = ['ssl'];
  if (tls.verify) words.push('verify required', `ca-file ${caFile(tls.ca, places)}`);
  else words.push('verify none');
  if (tls.verify && tls.crl !== undefined) words.push(`crl-file ${quote(copyPath(places, tls.crl))}`);
  if (tls.certificate !== undefined) words.push(`crt ${quote(certificatePath(places, tls.certificate))}`);
  // The name is sent, and without a "verifyhost" of its own it is also what the certificate must say.
  if (tls.sni !== undefined && tls.sni !== '') words.push(`sni ${quote(`str(${argument(tls.sni)})`)}`);
  if (tls.minVersion !== undefined) words.push(`ssl-min-ver ${versionWord(tls.minVersion)}`);
  const ciphers = cipherList(tls.ciphers, tls.minVersion);
  if (ciphers !== undefined) words.push(`ciphers ${quote(ciphers)}`);
  if (tls.alpn.length > 0) words.push(`alpn ${quote(tls.alpn.join(','))}`);
  return words;
}

function caFile(ca: string | undefined, places: Places): string {
  return ca === undefined ? '@system-ca' : quote(copyPath(places, ca));
}
