// Reads netlink messages out of strace's dump of what a program sent and received.

export interface Exchange {
  readonly direction: 'sent' | 'received';
  readonly bytes: Buffer;
}

const CALL = /^(?:\[pid +\d+\] )?(sendmsg|sendto|recvmsg|recvfrom)\(.*\) = (-?\d+)/;
const DUMP = /^ \| [0-9a-f]{5,} {2}([0-9a-f ]{1,49}) {2}/;

/** Every datagram once: looks ahead (MSG_PEEK) are dropped. */
export function readStraceDump(text: string): Exchange[] {
  const exchanges: Exchange[] = [];
  let open: { direction: Exchange['direction']; hex: string } | undefined;
  const close = () => {
    if (open !== undefined && open.hex !== '')
      exchanges.push({ direction: open.direction, bytes: Buffer.from(open.hex, 'hex') });
    open = undefined;
  };
  for (const line of text.split('\n')) {
    const call = CALL.exec(line);
    if (call !== null) {
      close();
      if (line.includes('AF_NETLINK') && !line.includes('MSG_PEEK'))
        open = { direction: call[1]!.startsWith('send') ? 'sent' : 'received', hex: '' };
      continue;
    }
    const dump = DUMP.exec(line);
    if (dump !== null && open !== undefined) open.hex += dump[1]!.replaceAll(' ', '');
  }
  close();
  return exchanges;
}

/** nlmsg_type of the controller that tells family numbers (GENL_ID_CTRL). */
const CONTROLLER = 0x10;

/** Without the question for the family number and its answer, which come before every generic netlink command. */
export function withoutController(exchanges: readonly Exchange[]): Exchange[] {
  const asked = new Set<number>();
  return exchanges.filter(({ bytes, direction }) => {
    const type = bytes.readUInt16LE(4);
    const sequence = bytes.readUInt32LE(8);
    const port = bytes.readUInt32LE(12);
    if (direction === 'sent' && type === CONTROLLER) {
      asked.add(port);
      return false;
    }
    if (direction === 'received' && type === CONTROLLER) return false;
    // The acknowledgement of that question carries its header, whose type tells it from others.
    const isAck = type === 2 && bytes.length >= 26;
    return !(isAck && asked.has(port) && sequence >= 0 && bytes.readUInt16LE(24) === CONTROLLER);
  });
}

export function formatCapture(
  command: string,
  exit: number,
  output: string,
  exchanges: readonly Exchange[],
): string {
  const lines = [`$ ${command}`];
  if (exit !== 0) lines.push(`! exit ${exit}`);
  for (const line of output.split('\n')) if (line !== '') lines.push(`| ${line}`);
  for (const { direction, bytes } of exchanges)
    lines.push(`${direction === 'sent' ? '>' : '<'} ${bytes.toString('hex')}`);
  return `${lines.join('\n')}\n\n`;
}
