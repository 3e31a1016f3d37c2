// Who listens on this machine: HAProxy shares a port with any other program that also allows it, without a word.
import { readFileSync } from 'node:fs';
import { fromBytes } from '../../lib/ip.ts';
import { endpointKey } from '../../model/keys.ts';

/** `192.0.2.10:80`, `[2001:db8::1]:80`; wildcards as `0.0.0.0:80` and `[::]:80`. */
export function listeningSockets(pid?: number): ReadonlySet<string> {
  const found = new Set<string>();
  const root = pid === undefined ? '/proc' : `/proc/${pid}`;
  for (const file of ['tcp', 'tcp6']) {
    for (const line of readTable(`${root}/net/${file}`)) {
      const cells = line.trim().split(/\s+/);
      if (cells[3] !== LISTEN) continue;
      const [address = '', port = ''] = cells[1]!.split(':');
      found.add(endpointKey(fromHex(address), Number.parseInt(port, 16)));
    }
  }
  return found;
}

/** TCP_LISTEN of include/net/tcp_states.h. */
const LISTEN = '0A';

function readTable(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(1).filter(Boolean);
  } catch (error) {
    // A kernel without IPv6 has no such table.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The kernel prints words of four bytes in the order of the machine; all of ours are little-endian. */
function fromHex(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return fromBytes(bytes);
}
