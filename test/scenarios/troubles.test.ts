import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDriver } from '../../src/drivers/memory/memory-driver.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { EngineEvent } from '../../src/engine/events.ts';
import type { EngineMemory } from '../../src/engine/ports.ts';
import { FakeClock, settle } from '../../src/lib/clock.ts';
import type { Driver } from '../../src/model/driver.ts';
import { EMPTY_OBSERVED } from '../../src/model/item.ts';
import { assumedFacts } from '../../src/plan/assumed-facts.ts';
import { buildIntent, buildListener, buildMember, buildPool, buildVip } from '../fixtures/build-intent.ts';
import { Story } from './story.ts';

const INTENT = buildIntent({
  vips: [buildVip('front', '192.0.2.10')],
  listeners: [buildListener('web', 'front', 80)],
  pools: [buildPool('web', [buildMember('10.0.0.1')])],
});

interface Bench {
  readonly engine: Engine;
  readonly clock: FakeClock;
  readonly events: readonly EngineEvent[];
  readonly saved: readonly EngineMemory[];
}

function setUp(drivers: readonly Driver[], facts = (): void => {}): Bench {
  const clock = new FakeClock(1000);
  const events: EngineEvent[] = [];
  const saved: EngineMemory[] = [];
  const engine = new Engine({
    drivers,
    intents: { load: async () => ({ ok: true, intent: INTENT, hash: 'v1' }) },
    facts: {
      read(intent) {
        facts();
        return assumedFacts(intent, clock.nowMs());
      },
    },
    clock,
    random: { next: () => 0.5 },
    events: { emit: (event) => events.push(event) },
    store: { load: () => undefined, save: (memory) => saved.push(memory) },
  });
  return { engine, clock, events, saved };
}

async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await clock.advance(100);
    await settle();
  }
}

test('Engine tells a fault of its own, keeps traffic, and goes on at the next tick', async () => {
  const driver = new MemoryDriver();
  let broken = false;
  const { engine, clock, events } = setUp([driver], () => {
    if (broken) throw new Error('facts are broken');
  });
  engine.start();
  await pass(clock, 200);
  const held = driver.plane.owned.size;

  broken = true;
  await pass(clock, 3000);
  assert.equal(driver.plane.owned.size, held);
  assert.ok(events.filter((event) => event.kind === 'round-failed').length >= 2);
  broken = false;
  driver.plane.lose('192.0.2.10/32 dev eth0');
  await pass(clock, 1500);

  assert.equal(driver.plane.owned.size, held);
  await engine.close();
  assert.equal(clock.pending(), 0, 'nothing is left behind');
});

test('Engine gives up on a driver that hangs, serves the others, and gives it nothing until it answers', async () => {
  let answer: (() => void) | undefined;
  let asked = 0;
  const hanging: Driver = {
    name: 'slow',
    desired: () => new Map(),
    plan: () => ({ steps: [], conflicts: [], notes: [] }),
    observe() {
      asked++;
      return new Promise((resolve) => {
        answer = () => resolve(EMPTY_OBSERVED);
      });
    },
    apply: async () => [],
    close: async () => {},
  };
  const memory = new MemoryDriver();
  const { engine, clock, events } = setUp([hanging, memory]);
  engine.start();

  await pass(clock, 31_000);
  assert.equal(memory.plane.owned.size, 3, 'the other driver does not wait for ever');
  assert.ok(events.some((event) => event.kind === 'driver-failed' && /30000 ms/.test(event.message)));
  await pass(clock, 40_000);
  assert.equal(asked, 1, 'not asked again while it still works');
  answer!();
  await pass(clock, 2000);

  assert.equal(asked, 2);
  const closed = engine.close();
  answer!();
  await closed;
});

test('Engine saves its memory when it changed, and only then', async () => {
  const { engine, clock, saved } = setUp([new MemoryDriver()]);
  engine.start();

  await pass(clock, 10_000);

  assert.equal(saved.length, 1);
  assert.deepEqual(saved[0], { quorum: [['web', true]], drains: [] });
  await engine.close();
});

test('Engine without any good configuration says so once and touches nothing', async () => {
  const story = await Story.begin({ intent: INTENT, refused: 'no such file' });

  await story.wait(5000, 500);

  assert.equal(story.heard(), 'config-refused no such file');
  assert.equal(story.tells(), 'nothing yet');
  assert.equal(story.engine.configError, 'no such file');
  assert.equal(story.did(), '');
});
