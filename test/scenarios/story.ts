// A story: one node, its engine on memory drivers, time driven by hand. Things happen, and what came of it is read as text.
import assert from 'node:assert/strict';
import { MemoryDriver } from '../../src/drivers/memory/memory-driver.ts';
import type { MemoryPlane } from '../../src/drivers/memory/memory-plane.ts';
import { Engine, type EngineOptions } from '../../src/engine/engine.ts';
import type { EngineEvent, WakeReason } from '../../src/engine/events.ts';
import { RoundHistory } from '../../src/engine/history.ts';
import type { EngineMemory, IntentResult } from '../../src/engine/ports.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { Facts, MemberHealth, Override } from '../../src/model/facts.ts';
import type { Intent } from '../../src/model/intent.ts';
import type { ConcreteEngine, Role } from '../../src/model/protocol.ts';
import { ALL_ENGINES } from '../../src/plan/assumed-facts.ts';
import { renderItems } from '../../src/plan/render-items.ts';

/** Rounds and timers a story may take to settle: more means that it never would. */
const MAX_TURNS = 500;

export interface StoryOptions {
  readonly intent: Intent;
  readonly engines?: readonly ConcreteEngine[];
  /** What another engine left: the data planes, and what it remembered. */
  readonly after?: Story;
  readonly options?: EngineOptions;
  /** False: the first configuration is known to be a part. */
  readonly complete?: boolean;
  /** The first configuration is refused, with this error. */
  readonly refused?: string;
}

export class Story {
  readonly clock: FakeClock;
  readonly engine: Engine;
  readonly planes = new Map<ConcreteEngine, MemoryPlane>();
  readonly history = new RoundHistory();
  #intent: IntentResult;
  #version = 1;
  #events: EngineEvent[] = [];
  #health = new Map<string, MemberHealth>();
  #overrides = new Map<string, Override>();
  #roles: Facts['roles'] = new Map();
  #available: Facts['engines'] = ALL_ENGINES;
  #memory: EngineMemory | undefined;

  private constructor(options: StoryOptions) {
    const { after } = options;
    this.clock = after?.clock ?? new FakeClock(1_000_000);
    const { intent, complete = true, refused } = options;
    this.#intent =
      refused === undefined ? { ok: true, intent, hash: 'v1', complete } : { ok: false, error: refused };
    if (after !== undefined) {
      this.#memory = after.#memory;
      this.#health = after.#health;
    }
    const drivers = (options.engines ?? ['memory']).map((name, i) => {
      const plane = after?.planes.get(name);
      const driver = new MemoryDriver({
        name,
        engines: [name],
        addresses: i === 0,
        ...(plane === undefined ? {} : { plane }),
      });
      this.planes.set(name, driver.plane);
      return driver;
    });
    this.engine = new Engine(
      {
        drivers,
        intents: { load: async () => this.#intent },
        facts: { read: () => this.#facts() },
        clock: this.clock,
        random: { next: () => 0.5 },
        events: { emit: (event) => this.#events.push(event) },
        history: this.history,
        store: {
          load: () => this.#memory,
          save: (memory) => {
            this.#memory = memory;
          },
        },
      },
      options.options,
    );
  }

  /** Started and settled; `after` plays a restart. */
  static async begin(options: StoryOptions): Promise<Story> {
    await options.after?.engine.close();
    const story = new Story(options);
    story.engine.start();
    await story.settle();
    return story;
  }

  get plane(): MemoryPlane {
    return [...this.planes.values()][0]!;
  }

  // What happens.

  async config(intent: Intent): Promise<void> {
    this.#intent = { ok: true, intent, hash: `v${++this.#version}` };
    await this.wake('config');
  }

  async brokenConfig(error: string): Promise<void> {
    this.#intent = { ok: false, error };
    await this.wake('config');
  }

  async health(member: string, health: Partial<MemberHealth>): Promise<void> {
    this.setHealth(member, health);
    await this.wake('facts');
  }

  /** Without a wake: the engine will not know until something else wakes it. */
  setHealth(member: string, health: Partial<MemberHealth>): void {
    const usual: MemberHealth = { state: 'up', factor: 1, ramp: 1, sinceMs: this.clock.nowMs() };
    this.#health = new Map(this.#health).set(member, { ...usual, ...health });
  }

  async override(member: string, override: Override | undefined): Promise<void> {
    this.#overrides = new Map(this.#overrides);
    if (override === undefined) this.#overrides.delete(member);
    else this.#overrides.set(member, override);
    await this.wake('facts');
  }

  async role(group: string, role: Role): Promise<void> {
    const reason = role === 'active' ? 'Active' : role === 'fault' ? 'Fault' : 'Standby';
    this.#roles = new Map(this.#roles).set(group, { role, epoch: this.#roles.size + 1, reason });
    await this.wake('facts');
  }

  async available(engine: ConcreteEngine, why?: string): Promise<void> {
    const fact = why === undefined ? { available: true } : { available: false, why };
    this.#available = { ...this.#available, [engine]: fact };
    await this.wake('facts');
  }

  async wake(reason: WakeReason): Promise<void> {
    this.engine.wake(reason);
    await this.settle();
  }

  /** Time goes by, in small steps so that each timer meets a settled engine. */
  async wait(ms: number, stepMs = 100): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await this.clock.advance(Math.min(stepMs, left));
      await this.settle();
    }
  }

  /** Runs what is asked for now. The wait for more wakes is the only time that passes. */
  async settle(): Promise<void> {
    let isIdle = false;
    const idle = this.engine.idle().then(() => {
      isIdle = true;
    });
    for (let turn = 0; !isIdle; turn++) {
      assert.ok(turn < MAX_TURNS, 'the engine settles');
      await this.clock.advance(turn % 4 === 3 ? 1 : 0);
      await new Promise<void>((resume) => setImmediate(resume));
    }
    await idle;
  }

  // What came of it.

  /** Everything the data plane holds. */
  holds(engine: ConcreteEngine = 'memory'): string {
    return renderItems(this.planes.get(engine)!.owned).trimEnd();
  }

  /** Operations since the last look: `add KEY`, and `add KEY failed`. */
  did(engine?: ConcreteEngine): string {
    const plane = engine === undefined ? this.plane : this.planes.get(engine)!;
    return plane
      .takeOperations()
      .map(({ verb, key, ok }) => `${verb} ${key}${ok ? '' : ' failed'}`)
      .join('\n');
  }

  /** Listeners and their members as Status tells them. */
  tells(): string {
    const status = this.engine.status();
    if (status === undefined) return 'nothing yet';
    const lines = [`node ${status.condition}`];
    if (status.configError !== undefined) lines.push(`config refused: ${status.configError}`);
    for (const listener of status.listeners) {
      lines.push(`${listener.name} ${listener.condition} ${listener.reason}`);
      for (const { key, observedWeight, reason } of listener.members)
        lines.push(`  ${key} ${observedWeight ?? 'no row'} ${reason}`);
    }
    for (const { key, observed, reason } of status.addresses)
      lines.push(`${key} ${observed ? 'here' : 'not here'} ${reason}`);
    return lines.join('\n');
  }

  /** Kinds of the events since the last look, in order, with what they are about. */
  heard(): string {
    const events = this.#events;
    this.#events = [];
    return events.map(eventText).join('\n');
  }

  rounds(): number {
    return this.engine.status()?.round?.number ?? 0;
  }

  #facts(): Facts {
    return {
      nowMs: this.clock.nowMs(),
      engines: this.#available,
      roles: this.#roles,
      health: this.#health,
      overrides: this.#overrides,
      quorum: new Map(),
    };
  }
}

/** Compares without caring how the template literal is indented. */
export function assertText(actual: string, expected: string): void {
  assert.equal(actual, dedent(expected));
}

function dedent(text: string): string {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  const indent = Math.min(...indents);
  return lines.map((line) => line.slice(Number.isFinite(indent) ? indent : 0)).join('\n');
}

function eventText(event: EngineEvent): string {
  switch (event.kind) {
    case 'config-loaded':
      return `config-loaded ${event.hash}`;
    case 'config-refused':
      return `config-refused ${event.error}`;
    case 'member-changed':
      return `member-changed ${event.pool}/${event.member} ${event.from} -> ${event.to}`;
    case 'quorum-changed':
      return `quorum-changed ${event.pool}${event.members === undefined ? '' : ` ${event.members}`} ${event.held ? 'gained' : 'lost'}`;
    case 'role-changed':
    case 'split-brain':
    case 'ha-trouble':
      return JSON.stringify(event);
    case 'listener-placed':
    case 'listener-unplaced':
      return `${event.kind} ${event.listener} (${event.detail})`;
    case 'guard-held':
      return `guard-held ${event.guard}`;
    case 'conflict-found':
      return `conflict-found ${event.key}`;
    case 'drift-repaired':
      return `drift-repaired ${event.count}`;
    case 'certificates-renewed':
    case 'files-renewed':
      return `${event.kind} ${event.names.join()}`;
    case 'steps-failed':
      return `steps-failed ${event.count}: ${event.message}`;
    case 'driver-failed':
      return `driver-failed ${event.driver}: ${event.message}`;
    case 'round-failed':
      return `round-failed ${event.message}`;
  }
}
