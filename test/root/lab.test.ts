// `lbctl lab` as an operator uses it: real daemons, links cut, programs killed, an outage measured, nothing left.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { LabMeasurement, LabTopology } from '../../src/cli/lab-tool.ts';
import { MountSandbox, type Ran } from '../fixtures/mount-sandbox.ts';

const LBCTL = join(import.meta.dirname, '../../lbctl');
let sandbox: MountSandbox;

before(async () => {
  sandbox = await MountSandbox.open();
});
after(() => {
  for (const name of ['single', 'pair', 'bgp']) lab('down', name);
  sandbox.close();
});

function lab(...args: readonly string[]): Ran {
  return sandbox.run([LBCTL, 'lab', ...args]);
}

function must(...args: readonly string[]): string {
  const { code, out, err } = lab(...args);
  assert.equal(code, 0, `${args.join(' ')}\n${out}${err}`);
  return out;
}

function measured(...args: readonly string[]): LabMeasurement {
  return JSON.parse(must('measure', ...args, '-o', 'json')) as LabMeasurement;
}

test('a lab of one balancer serves, loses a server and gets it back', () => {
  assert.match(must('up', 'single'), /^lab single is up: hosts switch, client, lb-a, web1, web2, web3$/m);
  const up = (JSON.parse(must('list', '-o', 'json')) as LabTopology[]).filter((one) => one.up);
  assert.deepEqual(
    up.map((one) => one.name),
    ['single'],
  );
  assert.match(must('exec', 'single', 'client', 'curl', '-s', 'http://192.0.2.10/'), /^web[123]$/);

  const quiet = measured('single', '--for', '2s');
  const killed = measured('single', 'kill', 'web2', '--for', '3s');
  const without = measured('single', '--for', '2s');
  assert.deepEqual([quiet.failed, Object.keys(quiet.byServer).sort()], [0, ['web1', 'web2', 'web3']]);
  assert.ok(killed.failed < killed.requests / 4, JSON.stringify(killed));
  assert.deepEqual([without.failed, Object.keys(without.byServer).sort()], [0, ['web1', 'web3']]);
  assert.match(must('exec', 'single', 'lb-a', 'lbctl', 'status'), /degraded/);

  must('chaos', 'single', 'start', 'web2');
  assert.equal(lab('exec', 'single', 'client', '--', 'sh', '-c', 'exit 9').code, 9);
});

test('a command on a host has the terminal: it decides about Ctrl-C, and hears a request to end', async () => {
  const asked = async (...signals: readonly NodeJS.Signals[]): Promise<number> => {
    const command = ['sh', '-c', 'echo ready; sleep 1; exit 9'];
    const child = sandbox.start([LBCTL, 'lab', 'exec', 'single', 'client', '--', ...command]);
    await once(child.stdout!, 'data');
    for (const signal of signals) child.kill(signal);
    return ((await once(child, 'exit')) as [number])[0];
  };

  assert.deepEqual([await asked('SIGINT', 'SIGINT'), await asked('SIGTERM')], [9, 143]);
});

test('a lab says what it does not know, and what is there instead', () => {
  const table: readonly (readonly [args: string[], code: number, message: RegExp])[] = [
    [['up', 'single'], 5, /up already/],
    [['up', 'siingle'], 4, /Cannot find lab "siingle"\n {2}hint: There are single, dr, pair/],
    [['chaos', 'single', 'cut', 'lb-z'], 4, /Hosts are switch, client, lb-a/],
    [['chaos', 'single', 'kill', 'lb-a', 'bgpd'], 4, /hint: Running there: lbctl$/m],
    [['chaos', 'single', 'start', 'lb-a'], 5, /runs on lb-a already/],
    [['chaos', 'single', 'explode', 'lb-a'], 2, /Allowed choices are cut/],
    [['measure', 'single', 'cut'], 2, /name a host/],
    [['measure', 'single', '--for', 'soon'], 2, /--for must be a duration/],
    [['up', 'dr', '--slower', '0'], 2, /--slower must be 1\.\.100: current value is "0"/],
    [['exec', 'pair', 'client', 'true'], 4, /not up/],
  ];
  for (const [args, code, message] of table) {
    const ran = lab(...args);
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.out}${ran.err}`);
    assert.match(ran.err, message);
  }
});

test('a lab of which only a part is there is not up, and says what is missing', () => {
  must('chaos', 'single', 'kill', 'lb-a');
  assert.equal(sandbox.run(['ip', 'netns', 'del', 'lbctl-single-web3']).code, 0);
  const half = (JSON.parse(must('list', '-o', 'json')) as LabTopology[]).find((one) => one.name === 'single');
  assert.deepEqual([half?.up, half?.missing], [false, ['host web3', 'lbctl on lb-a']]);
  assert.match(must('list'), /^single +half .*\n(.*\n)*single lacks host web3, lbctl on lb-a; /m);
  assert.match(lab('up', 'single').err, /half of it is there/);
});

test('down leaves nothing, and says so when there was nothing', async () => {
  assert.equal(must('down', 'single'), 'lab single is gone\n');
  assert.equal(must('down', 'single'), 'lab single was not up\n');
  assert.deepEqual(await sandbox.leftovers(), []);
});

test('a pair outlives a silent switch port, a killed keepalived and a node that comes back', async () => {
  must('up', 'pair');
  const silent = measured('pair', 'silence', 'lb-a', '--for', '3s');
  const back = measured('pair', 'mend', 'lb-a', '--for', '3s');
  assert.ok(silent.longestGapMs < 1500 && back.longestGapMs < 1500, JSON.stringify([silent, back]));
  assert.match(must('chaos', 'pair', 'kill', 'lb-a', 'keepalived'), /keepalived on lb-a killed/);
  must('down', 'pair');
  assert.deepEqual(await sandbox.leftovers(), []);
});

test('a router moves to the other node by BGP', async () => {
  must('up', 'bgp');
  const cut = measured('bgp', 'cut', 'lb-a', '--for', '3s');
  assert.ok(cut.longestGapMs < 1500 && cut.requests > 100, JSON.stringify(cut));
  must('down', 'bgp');
  assert.deepEqual(await sandbox.leftovers(), []);
});

test('Ctrl-C, and twice, while a lab comes up leaves nothing', async () => {
  const child = sandbox.start([LBCTL, 'lab', 'up', 'pair']);
  let text = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.includes('web servers and daemons')) child.kill('SIGINT');
  });

  const [code] = (await once(child, 'close')) as [number];

  assert.ok(code === 1 || code === 130, text);
  assert.deepEqual(await sandbox.leftovers(), []);
});
