// `make soak`: the demo's pair under load and faults for SOAK_SECONDS (600), in the order of SOAK_SEED; SOAK_FAULT repeats the
// faults whose names begin with it. Ends with 1 when a request was lost that no fault excuses, or when a node did not tell the truth.
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { raiseCurtain } from '../demo/story.ts';
import { keepAwake } from '../keep-awake.ts';
import { whenAskedToEnd } from '../when-asked-to-end.ts';
import { FAULTS } from './faults.ts';
import { runSoak, type SoakReport } from './soak.ts';
import { openSoakSite } from './soak-site.ts';
import { describeLost } from './verdict.ts';

const seconds = Number(process.env.SOAK_SECONDS ?? 600);
const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
if (!(seconds > 0 && seconds <= 86_400) || !Number.isInteger(seed)) {
  process.stderr.write('SOAK_SECONDS must be 1..86400 and SOAK_SEED a whole number\n');
  process.exit(2);
}

const wanted = process.env.SOAK_FAULT ?? '';
const faults = FAULTS.filter(({ name }) => name.startsWith(wanted));
if (faults.length === 0) {
  process.stderr.write(`No fault begins with "${wanted}": ${FAULTS.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

/** One single loss of so many requests is told and forgiven. */
const SCATTERED_OF = 5000;

const stop = new AbortController();
whenAskedToEnd(() => stop.abort());

// A host that lends resting processors to others stops both nodes at once, and the oracle with them.
const awake = keepAwake();
const site = openSoakSite();
try {
  site.build();
  site.mountDisks();
  await raiseCurtain(site, (text) => process.stdout.write(text));
  say(`soak of ${seconds} s, SOAK_SEED=${seed}`);
  if (site.moveClock === undefined)
    say('clocks are not moved: libfaketime is missing (make setup installs it)');
  // Slow start is over, both nodes have seen all members.
  await sleep(6000);
  const report = await runSoak({ site, seconds, seed, say, signal: stop.signal, faults });
  process.exitCode = tellReport(report);
} finally {
  await site.close();
  awake.end();
}
process.exit();

function tellReport(report: SoakReport): number {
  const lost = report.records.flatMap((record) => record.lost);
  const scattered = report.records.reduce((sum, record) => sum + record.scattered, 0);
  const lies = report.records.flatMap((record) => record.lies);
  say(`
faults       ${report.records.length} in ${report.seconds.toFixed(0)} s, of ${new Set(report.records.map(({ name }) => name)).size} kinds
requests     ${report.requests}
failed       ${report.failed}, of them ${lost.length} in outages that no fault excuses, ${scattered} alone
untrue       ${lies.length} words of Status
client late  ${report.clientLateMs} ms at worst`);
  for (const line of describeLost(lost, report.startedMs)) say(`  lost: ${line}`);
  if (process.env.SOAK_JSON !== undefined)
    writeFileSync(process.env.SOAK_JSON, `${JSON.stringify(report, null, 2)}\n`);
  const tooMany = scattered * SCATTERED_OF > report.requests;
  return lost.length + lies.length > 0 || tooMany || report.records.length === 0 ? 1 : 0;
}
