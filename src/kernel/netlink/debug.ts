// `LBCTL_NLDEBUG=1` prints every netlink message, sent and received, to standard error.
import { FLAG, type NetlinkMessage, readMessages } from '../../wire/netlink/message.ts';

export const isDebugging = process.env.LBCTL_NLDEBUG === '1';

const NAMED: readonly [bit: number, name: string][] = [
  [FLAG.request, 'request'],
  [FLAG.multi, 'multi'],
  [FLAG.ack, 'ack'],
  [FLAG.dumpInterrupted, 'interrupted'],
];

export function printTraffic(socket: string, direction: '>' | '<', datagram: Uint8Array): void {
  for (const message of readMessages(datagram))
    process.stderr.write(`${formatMessage(socket, direction, message)}\n`);
}

/** `netlink/generic > type 32 flags 5 (request,ack) seq 7 length 92 01010000...` */
export function formatMessage(socket: string, direction: '>' | '<', message: NetlinkMessage): string {
  const names = NAMED.filter(([bit]) => (message.flags & bit) !== 0).map(([, name]) => name);
  return [
    socket,
    direction,
    `type ${message.type} flags ${message.flags} (${names.join(',')}) seq ${message.sequence}`,
    `length ${message.body.length}`,
    Buffer.from(message.body).toString('hex'),
  ].join(' ');
}
