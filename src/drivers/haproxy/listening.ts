// Who listens on this machine: HAProxy shares a port with any other program that also allows it, without a word.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fromBytes } from '../../lib/ip.ts';
import { endpointKey } from '../../model/keys.ts';

/** Places as `192.0.2.10:80`, `[2001:db8::1]:80`, wildcards as `0.0.0.0:80` and `[::]:80`; each with the inode of its socket. */
export function listeningSockets(pid?: number): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const root = pid === undefined ? '/proc' : `/proc/${pid}`;
  for (const file of ['tcp', 'tcp6']) {
    for (const line of readTable(`${root}/net/${file}`)) {
      const cells = line.trim().split(/\s+/);
      if (cells[3] !== LISTEN) continue;
      const [address = '', port = ''] = cells[1]!.split(':');
      found.set(endpointKey(fromHex(address), Number.parseInt(port, 16)), cells[9] ?? '');
    }
  }
  return found;
}

/** What a listener of this key listens on: a range is several. */
export function placesOfListener(key: string): readonly string[] {
  const match = /^tcp\/(?:\[(.+)\]|([^:]+)):(\d+)(?:-(\d+))?$/.exec(key);
  if (match === null) return [];
  const address = match[1] ?? match[2]!;
  const from = Number(match[3]);
  const to = Number(match[4] ?? from);
  return Array.from({ length: to - from + 1 }, (_, offset) => endpointKey(address, from + offset));
}

/** What is told where nobody shows the socket: a program of another container, or one that we may not look into. */
const UNNAMED = 'another program';

/** Programs with these sockets open, as `nginx (pid 123)`: a look at the descriptors of all, so for who stands in the way only. */
export function programsOf(inodes: ReadonlySet<string>): (inode: string) => string {
  const links = new Map([...inodes].map((inode) => [`socket:[${inode}]`, inode]));
  const programs = new Map<string, string>();
  for (const pid of links.size === 0 ? [] : readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const inode = links.get(readlinkSync(`/proc/${pid}/fd/${fd}`));
        if (inode !== undefined && !programs.has(inode))
          programs.set(inode, `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`);
      }
    } catch {
      // It ended or closed something meanwhile, or is not ours to look into.
    }
  }
  return (inode) => programs.get(inode) ?? UNNAMED;
}

/** Inodes of all sockets that these processes have open. */
export function socketsOf(pids: readonly number[]): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const pid of pids)
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        if (inode !== undefined) inodes.add(inode);
      }
    } catch {
      // It ended or closed something meanwhile.
    }
  return inodes;
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
