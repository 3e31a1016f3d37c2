// `lbctl lab` on IPVS as an operator uses it: a real daemon, a web server killed and started again, and nothing left.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exec, mustSync } from '../../../lab/process.ts';
import type { LabMeasurement } from '../../../src/cli/lab-tool.ts';
import { LBCTL } from '../harness/guest-paths.ts';

/** Times every timer of the lab: so much slower is an emulated processor. */
const SLOWER = '8';
const LIMIT_MS = 300_000;
const SERVERS = ['192.0.2.21:80', '192.0.2.22:80', '192.0.2.23:80'];

after(() => lbctl('lab', 'down', 'single'));

function lbctl(...args: readonly string[]) {
  return exec([LBCTL, ...args], { timeoutMs: LIMIT_MS });
}

async function must(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lbctl(...args);
  assert.equal(code, 0, `lbctl ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

/** Weights of the servers in the kernel's own table. */
function weights(): readonly (string | undefined)[] {
  const table = mustSync(['ip', 'netns', 'exec', 'lbctl-single-lb-a', 'ipvsadm', '-Sn']);
  assert.match(table, /^-A -t 192\.0\.2\.10:80 -s wrr/m, table);
  return SERVERS.map((server) => new RegExp(`-r ${server} -m -w (\\d+)`).exec(table)?.[1]);
}

/** Longer than failed or passed checks take by far. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !holds(); i++) await sleep(100);
  assert.ok(holds(), String(weights()));
}

test('a lab on IPVS serves, loses a server and gets it back, and leaves nothing', async () => {
  assert.match(await must('lab', 'up', 'single', '--slower', SLOWER), /^lab single is up/m);
  assert.deepEqual(weights(), ['100', '100', '100']);
  assert.match(await must('lab', 'exec', 'single', 'lb-a', LBCTL, 'status'), /web +tcp.*ipvs .*3\/3/);

  const killed = ['lab', 'measure', 'single', 'kill', 'web2', '--for', '5s', '--rate', '5', '-o', 'json'];
  const seen = JSON.parse(await must(...killed)) as LabMeasurement;
  assert.ok(seen.requests > 10 && seen.failed < seen.requests, JSON.stringify(seen));
  await until(() => weights()[1] === '0');
  const [first, , third] = weights();
  assert.deepEqual([first, third], ['100', '100']);

  await must('lab', 'chaos', 'single', 'start', 'web2');
  await until(() => Number(weights()[1]) > 0);

  assert.equal(await must('lab', 'down', 'single'), 'lab single is gone\n');
  assert.deepEqual(readdirSync('/run/lbctl-lab'), []);
  assert.ok(!readdirSync('/run/netns').some((name) => name.startsWith('lbctl-single')));
});
