// An operator's word holds once it is kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpError } from '../../model/errors.ts';
import type { EngineFact } from '../../model/facts.ts';
import type { ConcreteEngine } from '../../model/protocol.ts';
import { NodeFacts } from './facts.ts';

test('setOverride() changes nothing where it cannot be kept', () => {
  const there: EngineFact = { available: true };
  const engines: Record<ConcreteEngine, EngineFact> = {
    ipvs: there,
    xdp: there,
    haproxy: there,
    memory: there,
  };
  let isFull = false;
  const facts = new NodeFacts({
    nowMs: () => 0,
    health: { health: () => new Map() },
    roles: () => new Map(),
    engines,
    onOverrides: () => {
      if (isFull)
        throw new OpError('STATE_UNWRITABLE', 'Cannot write "overrides" to state.db: full', { op: 'write' });
    },
  });
  facts.setOverride('web/w1', { state: 'down', by: 'ops' });
  isFull = true;

  assert.throws(() => facts.setOverride('web/w2', { state: 'drain', by: 'ops' }), {
    code: 'STATE_UNWRITABLE',
  });
  assert.throws(() => facts.setOverride('web/w1', undefined), { code: 'STATE_UNWRITABLE' });
  assert.deepEqual([...facts.read().overrides.keys()], ['web/w1']);
});
