// Checks in the network of whoever starts it. `check CHECK TARGET`: one, its result as JSON. `watch CHECK`: the members of a dr
// listener, a line for each change, until its input ends.
import { Health } from '../../src/health/health.ts';
import { runCheck } from '../../src/health/run-check.ts';
import { ProbePaths } from '../../src/kernel/probe-paths.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { HealthCheck } from '../../src/model/health-check.ts';
import { buildIntent, buildListener, buildMember, buildPool, buildVip } from '../fixtures/build-intent.ts';

const [what = '', check = '', target = ''] = process.argv.slice(2);
if (what === 'check') {
  const stop = new AbortController().signal;
  process.stdout.write(JSON.stringify(await runCheck(JSON.parse(check), JSON.parse(target), stop)));
  process.exit(0);
}

const members = ['192.0.2.2', '192.0.2.3', '2001:db8::2'].map((address) =>
  buildMember(address, { name: address, port: 80 }),
);
const intent = buildIntent({
  vips: [buildVip('four', '192.0.2.100'), buildVip('six', '2001:db8::100')],
  pools: [buildPool('web', members, { checks: [JSON.parse(check) as HealthCheck] })],
  listeners: [buildListener('web', 'four', 80, { vips: ['four', 'six'], mode: 'dr' })],
});
let told = '';
const health = new Health({ clock: systemClock, onChange: () => tell(), paths: new ProbePaths() });

function tell(): void {
  const now = [...health.health()].map(
    ([key, { state, lastError = '' }]) => `${key} ${state}${state === 'down' ? ` ${lastError}` : ''}`,
  );
  if (told === now.join('\n')) return;
  told = now.join('\n');
  process.stdout.write(`${JSON.stringify(now)}\n`);
}

health.setIntent(intent);
process.stdin.on('end', () => void health.close().then(() => process.exit(0))).resume();
