// Which inner tests share a guest: two guests, so that neither run comes near the limit of one test file.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../guest');
/** Those that build the network of clients and members; all others are about control. */
const TRAFFIC = ['topology', 'modes', 'schedulers', 'changes'];
const ENDING = '.guest.ts';

/** Below what the test runner gives one test. */
export const GUEST_TIMEOUT_MS = 590_000;

export function guestFiles(part: 'traffic' | 'control'): readonly string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(ENDING))
    .filter((name) => TRAFFIC.includes(name.slice(0, -ENDING.length)) === (part === 'traffic'))
    .sort()
    .map((name) => join(FOLDER, name));
}
