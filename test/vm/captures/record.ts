// Records the captures of this folder anew: boots a guest, runs the commands there, writes one text file a set.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInGuest } from '../harness/run-in-guest.ts';
import { CAPTURE_SETS } from './commands.ts';

const names = ['family', ...CAPTURE_SETS.map((set) => set.name)].map((name) => `${name}.txt`);
const result = await runInGuest({
  script: 'exec node_modules/node/bin/node test/vm/captures/record-inside.ts',
  timeoutMs: 480_000,
  collect: names,
});
if (result.code !== 0) throw new Error(`Cannot record captures: ${result.output}`);
for (const name of names) writeFileSync(join(import.meta.dirname, name), result.files[name]!);
