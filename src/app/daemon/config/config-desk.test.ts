import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildIntent } from '../../../../test/fixtures/build-intent.ts';
import { StateDb } from '../../../cluster/state-db.ts';
import { ConfigDesk } from './config-desk.ts';

test('reload() before the first configuration was taken does not wait for the round that waits for it', async () => {
  const state = StateDb.open(':memory:', 0).db;
  let firstRound: Promise<unknown> = Promise.resolve();
  const desk = new ConfigDesk({
    source: {
      read: async () => ({ files: [], diagnostics: [] }),
      parse: () => ({ files: [], diagnostics: [] }),
      load: () => ({ intent: buildIntent({}), hash: 'h', diagnostics: [], written: [] }),
    },
    store: state.revisions,
    memory: state,
    loop: {
      wake: () => undefined,
      idle: async () => void (await firstRound),
      roundMs: () => 0,
      preview: () => undefined,
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
  });
  const reloaded = desk.reload({ author: 'signal', reason: 'SIGHUP' });
  firstRound = desk.load();

  const ended = await Promise.race([reloaded, sleep(2000, 'it hangs', { ref: false })]);
  assert.deepEqual(ended, { ok: true, hash: 'h', revision: 1, diagnostics: [] });
  desk.close();
  state.close();
});
