// Which inner tests share a guest: three guests, so that no run comes near the limit of one test file.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../guest');
/** Those that build the network of clients and members; all others are about control. */
const TRAFFIC = ['topology', 'modes', 'schedulers', 'changes'];
const ENDING = '.guest.ts';

/** Below what the test runner gives one test. */
export const GUEST_TIMEOUT_MS = 1_800_000;

/** Beside ipvsadm and keepalived, and the whole product as people call it. */
const WHOLE = ['compare', 'end-to-end', 'system'];

export type GuestPart = 'traffic' | 'control' | 'whole' | 'lab' | 'xdp';

export function guestFiles(part: GuestPart): readonly string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(ENDING))
    .filter((name) => partOf(name.slice(0, -ENDING.length)) === part)
    .sort()
    .map((name) => join(FOLDER, name));
}

function partOf(name: string): GuestPart {
  if (name === 'lab') return 'lab';
  if (name === 'vlan') return 'xdp';
  if (WHOLE.includes(name)) return 'whole';
  return TRAFFIC.includes(name) ? 'traffic' : 'control';
}
