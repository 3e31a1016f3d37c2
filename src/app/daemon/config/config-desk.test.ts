// ConfigDesk without a daemon around it: turns that wait for each other, and a disk that is full in the middle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildIntent } from '../../../../test/fixtures/build-intent.ts';
import { StateDb } from '../../../cluster/state-db.ts';
import { OpError } from '../../../model/errors.ts';
import { ConfigDesk, type DeskOptions } from './config-desk.ts';

const WHO = { author: 'test', reason: 'test' };

/** Over files that are others at each reading, in a state.db in memory. */
function openDesk(options: Partial<DeskOptions> = {}, idle = async (): Promise<void> => undefined) {
  const state = StateDb.open(':memory:', 0).db;
  let reads = 0;
  const desk = new ConfigDesk({
    source: {
      read: async () => ({ files: [fileOf(`# ${++reads}`)], diagnostics: [] }),
      parse: (stored) => ({ files: stored.map(({ text }) => fileOf(text)), diagnostics: [] }),
      load: ([file]) => ({
        intent: buildIntent({}),
        hash: file?.source.text ?? '',
        diagnostics: [],
        written: [],
      }),
    },
    store: state.revisions,
    memory: state,
    loop: {
      wake: () => undefined,
      idle,
      roundMs: () => 0,
      preview: () => ({ steps: [], guards: [] }) as never,
      plan: () => undefined,
      confirm: () => undefined,
    },
    nowMs: () => 0,
    onIntent: () => undefined,
    onFault: (error) => {
      throw error;
    },
    quotaOf: () => undefined,
    stateLost: false,
    ...options,
  });
  return {
    desk,
    state,
    close(): void {
      desk.close();
      state.close();
    },
  };
}

function fileOf(text: string) {
  const source = { file: 'lb.yaml', role: 'main', text } as const;
  const place = { file: 'lb.yaml', line: 1, column: 1 };
  return { source, value: {}, locate: () => place, excerpt: () => '' };
}

test('reload() before the first configuration was taken does not wait for the round that waits for it', async () => {
  let firstRound: Promise<unknown> = Promise.resolve();
  const { desk, close } = openDesk({}, async () => void (await firstRound));
  const reloaded = desk.reload({ author: 'signal', reason: 'SIGHUP' });
  firstRound = desk.load();

  const ended = await Promise.race([reloaded, sleep(2000, 'it hangs', { ref: false })]);
  assert.equal(typeof ended === 'object' && ended.ok, true, String(ended));
  close();
});

test('a change on trial that is in force is not refused as the disk took no more than its revision', async () => {
  let isFull = false;
  const kept = new Map<string, unknown>();
  const memory = {
    recall: <T>(name: string) => kept.get(name) as T | undefined,
    remember(name: string, value: unknown) {
      if (isFull) throw new OpError('STATE_UNWRITABLE', 'Cannot write', { op: 'write', errno: 'ENOSPC' });
      kept.set(name, value);
    },
  };
  const { desk, close } = openDesk({ memory });
  await desk.load();
  isFull = true;
  const reloaded = await desk.reload({ ...WHO, confirmWithinMs: 60_000 });
  const trial = desk.running().trial;
  assert.deepEqual([reloaded.revision, trial?.revision, kept.has('trial')], [2, 2, false]);
  isFull = false;
  desk.onRound({} as never);
  assert.ok(kept.has('trial'), 'it is written once the disk takes anything');
  assert.equal(desk.confirmTrial(), true);
  isFull = true;
  const { revision } = await desk.rollback(1, WHO);
  assert.deepEqual(desk.running().pinned?.revision, revision);
  close();
});
