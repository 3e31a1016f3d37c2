// Which processes are taken for those of a lab: what is killed by mistake cannot be mended.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start, startOf, stop } from '../process.ts';
import { TOPOLOGIES } from '../topology/topology.ts';
import { LabFiles } from './lab-files.ts';
import { LabPrograms } from './lab-programs.ts';

const topology = { ...TOPOLOGIES[0]!, name: `programs-${process.pid}` };
const files = new LabFiles(topology);
const programs = new LabPrograms(topology, files, ['lbctl']);

before(() => files.create(1));
after(() => files.remove());

test('pidsOf() leaves out a stranger that has the pid of a program that ended', () => {
  const started = startOf(process.pid)!;

  files.add({ host: 'web1', program: 'web', pid: process.pid, started });
  assert.deepEqual(programs.pidsOf('web1', 'web'), [process.pid]);

  files.add({ host: 'web1', program: 'web', pid: process.pid, started: started - 1 });
  assert.deepEqual(programs.pidsOf('web1', 'web'), []);
});

test('pidsOf() leaves out what was killed and not waited for yet', async () => {
  const child = start(['sleep', '60'], { stdio: 'ignore' });
  const pid = child.pid!;
  files.add({ host: 'web1', program: 'web', pid, started: startOf(pid) });
  assert.deepEqual(programs.pidsOf('web1', 'web'), [pid]);

  process.kill(pid, 'SIGKILL');
  // This thread waits for the child only when it comes round.
  while (programs.pidsOf('web1', 'web').length > 0)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  process.kill(pid, 0);
  await stop(child);
});
