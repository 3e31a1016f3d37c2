// /proc/net/ip_vs: the whole IPVS table as text in one read. It lacks thresholds, tunnels and scheduler flags, so it is used to
// tell which services look as they did before, not to read them.
import { canonicalIp } from '../lib/ip.ts';
import type { Transport } from '../model/protocol.ts';
import type { IpvsServiceKey } from './netlink/ipvs-service.ts';

export interface ProcService {
  /** `TCP  C000020A:0050 wlc  ` */
  readonly header: string;
  /** The lines of its destinations as they stand, in the kernel's order. */
  readonly body: string;
}

/** Version line, and two lines of column titles. */
const TITLE_LINES = 3;
const ROW_START = '  -> ';
/** Address, port, forwarding and weight; behind them come connection counts, which change all the time. */
const ROW_PREFIX = /^ {2}-> \S+ +\S+ +\d+ /;
const HEADER = /^(TCP|UDP|SCTP) +(?:\[([0-9a-f:]+)\]|([0-9A-F]{8})):([0-9A-F]{4}) /;
const MARK_HEADER = /^FWM +([0-9A-F]{8}) /;

/** Cut at the services only: most look as they did, and their destinations need not be taken apart. */
export function readProcIpVs(text: string): ProcService[] {
  const services: ProcService[] = [];
  let at = 0;
  for (let title = 0; title < TITLE_LINES; title++) at = lineAfter(text, at);
  while (at < text.length) {
    const body = lineAfter(text, at);
    let end = body;
    while (text.startsWith(ROW_START, end)) end = lineAfter(text, end);
    const header = text.slice(at, text[body - 1] === '\n' ? body - 1 : body);
    if (header !== '') services.push({ header, body: text.slice(body, end) });
    at = end;
  }
  return services;
}

function lineAfter(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

export function rowsOf(body: string): readonly string[] {
  return body.split('\n').filter((line) => line !== '');
}

/** What of a destination's line stays the same while only its connections come and go. */
export function rowPrefix(row: string): string {
  return ROW_PREFIX.exec(row)?.[0] ?? row;
}

/** Which services a header can mean: a mark does not tell its family, so it may be two. Empty for what is not understood. */
export function keysOfHeader(header: string): readonly IpvsServiceKey[] {
  const marked = MARK_HEADER.exec(header);
  if (marked !== null) {
    const mark = Number.parseInt(marked[1]!, 16);
    return [
      { kind: 'mark', family: 4, mark },
      { kind: 'mark', family: 6, mark },
    ];
  }
  const found = HEADER.exec(header);
  if (found === null) return [];
  const [, protocol, v6, v4, port] = found;
  return [
    {
      kind: 'address',
      family: v6 === undefined ? 4 : 6,
      protocol: protocol!.toLowerCase() as Transport,
      address: v6 === undefined ? dotted(v4!) : canonicalIp(v6),
      port: Number.parseInt(port!, 16),
    },
  ];
}

function dotted(hex: string): string {
  return [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}
