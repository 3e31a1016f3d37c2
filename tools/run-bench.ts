// `make bench`: runs bench/NAME.ts one after another, so that they do not disturb each other; names may be given.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { keepAwake } from '../lab/keep-awake.ts';

const root = join(import.meta.dirname, '..');
/** What benchmarks share, run inside a guest, or start beside them. */
const PART = /^report$|-(inside|members|overtake|peer|daemon)$/;
const all = globSync('bench/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => basename(file, '.ts'))
  .filter((name) => !PART.test(name))
  .sort();
const names = process.argv.length > 2 ? process.argv.slice(2) : all;
const unknown = names.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(
    `Unknown benchmark ${unknown.join(', ')}: there ${all.length > 0 ? `are ${all.join(', ')}` : 'is none yet'}\n`,
  );
  process.exit(2);
}
/** As ./lbctl starts the product, and a collector that benchmarks may call between runs. */
const NODE_OPTIONS = [
  '--disable-warning=ExperimentalWarning',
  '--min-semi-space-size=32',
  '--max-semi-space-size=32',
  '--expose-gc',
];
let failed = 0;
const awake = keepAwake();
for (const name of names) {
  process.stdout.write(`bench ${name}\n`);
  const run = spawnSync(process.execPath, [...NODE_OPTIONS, join('bench', `${name}.ts`)], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (run.status !== 0) failed++;
}
awake.end();
if (names.length === 0) process.stdout.write('There is no benchmark yet\n');
process.exitCode = failed > 0 ? 1 : 0;
