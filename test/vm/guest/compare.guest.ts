// The same wish told to us, to ipvsadm and to keepalived ends in the same kernel state, by `ipvsadm -S -n`.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Lab } from '../../../lab/netns.ts';
import { mustSync, stop } from '../../../lab/process.ts';
import { createToolbox } from '../../../src/app/wiring.ts';
import { assumedFacts } from '../../../src/plan/assumed-facts.ts';
import { resolve } from '../../../src/plan/resolve.ts';
import { converge } from '../../conformance/converge.ts';
import { Balancer, clearKernel } from './balancer.ts';
import { COMMANDS, KEEPALIVED } from './compare-cases.ts';

const WORK = '/tmp/steelyard-compare';
const toolbox = createToolbox(() => {});
const lab = Lab.create('compare');
mkdirSync(WORK, { recursive: true });

beforeEach(() => clearKernel());
after(async () => {
  clearKernel();
  await lab.close();
});

/** Sorted: the order of a dump is the kernel's own. */
function kernelState(): readonly string[] {
  return mustSync(['ipvsadm', '-S', '-n'])
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .sort();
}

async function stateByUs(yaml: string): Promise<readonly string[]> {
  const path = join(WORK, 'config.yaml');
  writeFileSync(path, yaml);
  const { intent, diagnostics } = await toolbox.loadConfig(path);
  assert.ok(intent !== undefined, JSON.stringify(diagnostics));
  const world = resolve(intent, assumedFacts(intent, 0), { engine: 'ipvs' });
  assert.deepEqual(world.unplaced, []);
  const balancer = new Balancer();
  try {
    await converge(balancer.driver, world);
    return kernelState();
  } finally {
    await balancer.close();
  }
}

describe('ipvsadm -R', () => {
  for (const { name, yaml, rules } of COMMANDS)
    test(`${name}: we set what these commands set`, async () => {
      mustSync(['ipvsadm', '-R'], { input: `${rules.trim()}\n` });
      const theirs = kernelState();

      const ours = await stateByUs(yaml);

      assert.ok(theirs.length > 0);
      assert.deepEqual(ours, theirs);
    });
});

describe('keepalived', () => {
  for (const { name, config } of KEEPALIVED)
    test(`${name}: the imported file sets what keepalived sets`, async () => {
      const path = join(WORK, 'keepalived.conf');
      writeFileSync(path, config);
      const theirs = await stateByKeepalived(path);

      const { text, diagnostics } = await toolbox.importKeepalived(path);
      assert.ok(text !== undefined, JSON.stringify(diagnostics));
      const ours = await stateByUs(text);

      assert.ok(theirs.length > 0);
      assert.deepEqual(ours, theirs);
    });
});

/** Waits until the table has not changed for a while: keepalived tells nobody when it is done. */
async function stateByKeepalived(path: string): Promise<readonly string[]> {
  const pids = ['-p', 'parent.pid', '-c', 'checkers.pid'].map((one) =>
    one.startsWith('-') ? one : join(WORK, one),
  );
  const argv = ['keepalived', '--dont-fork', '--check', '--log-console', '-f', path, ...pids];
  const child = lab.root.spawn(argv, { stdio: 'ignore' });
  let last = '';
  let same = 0;
  for (let round = 0; round < 60 && same < 4; round++) {
    await wait(250);
    const now = kernelState().join('\n');
    same = now !== '' && now === last ? same + 1 : 0;
    last = now;
  }
  // A graceful end would take its services away; SIGKILL of the parent alone would leave its child.
  const state = kernelState();
  await stop(child, 'SIGTERM');
  clearKernel();
  return state;
}
