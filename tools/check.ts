// `make check`: all static checks side by side, seconds each, what failed in full at the end.
import { join } from 'node:path';
import { runChecks } from './lib/run-checks.ts';

const started = performance.now();
const outcomes = await runChecks(join(import.meta.dirname, '..'), (line) => process.stdout.write(line));
const failed = outcomes.filter((outcome) => !outcome.ok);
for (const outcome of failed) process.stdout.write(`\nFAILED check ${outcome.name}\n${outcome.output}\n`);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(
  `${outcomes.length - failed.length} checks passed, ${failed.length} failed, ${seconds} s\n`,
);
process.exitCode = failed.length > 0 ? 1 : 0;
