// Constant load on a listener, and a life under it: reloads and changes through the socket that must lose no request.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { until } from '../../lab/until.ts';
import type { HaproxyDriver, HaproxyOptions } from '../../src/drivers/haproxy/haproxy-driver.ts';
import { pause } from '../../src/drivers/haproxy/process.ts';
import type { World } from '../../src/model/world.ts';
import { buildMember } from '../fixtures/build-intent.ts';
import { Rig } from './haproxy-rig.ts';
import { HTTP, put, startMember, VIP, worldOf } from './haproxy-site.ts';

const MEMBERS = 20;
const PACE_MS = 10;

const running = new Set<Load>();

/** A HAProxy of its own and a driver for it; what a failed test left running would keep it from ending. */
export async function withRig(
  run: (rig: Rig, driver: HaproxyDriver) => Promise<void>,
  more: Partial<HaproxyOptions> = {},
): Promise<void> {
  const rig = new Rig(more);
  try {
    await run(rig, rig.open());
  } finally {
    for (const load of running) await load.stop();
    await rig.close();
  }
}

/** Requests without end from `clients` clients, half of them on connections that are kept. */
export class Load {
  served = 0;
  readonly failures: string[] = [];
  #going = true;
  readonly #done: Promise<unknown>;
  readonly #kept = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #fresh = new Agent({ keepAlive: false });

  readonly #headers: Readonly<Record<string, string>>;

  constructor(clients = 8, port = 8080, headers: Readonly<Record<string, string>> = {}) {
    this.#headers = headers;
    running.add(this);
    this.#done = Promise.all(Array.from({ length: clients }, (_, i) => this.#client(i % 2 === 0, port)));
  }

  /** Resolves once so many more were served: however fast the machine, what happens between meets traffic. */
  async serves(count: number): Promise<void> {
    const wanted = this.served + count;
    await until(`${count} more requests to be served`, () => this.served >= wanted);
  }

  async stop(): Promise<void> {
    this.#going = false;
    running.delete(this);
    await this.#done;
    this.#kept.destroy();
    this.#fresh.destroy();
  }

  async #client(kept: boolean, port: number): Promise<void> {
    while (this.#going) {
      try {
        await this.#once(kept ? this.#kept : this.#fresh, port, true);
        this.served++;
        // Constant, not all that the machine can: the proxy and this test share its two processors.
        await pause(PACE_MS);
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }

  /** As every client does, a request on a kept connection that the other side closed before answering is sent again. */
  async #once(agent: Agent, port: number, again: boolean): Promise<void> {
    const asked = request({ host: VIP, port, agent, path: '/load', headers: this.#headers });
    asked.end();
    try {
      const [response] = await once(asked, 'response');
      response.resume();
      await once(response, 'end');
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    } catch (error) {
      if (!again || !asked.reusedSocket) throw error;
      await this.#once(this.#fresh, port, false);
    }
  }
}

export async function livesUnderLoad(
  rig: Rig,
  driver: HaproxyDriver,
  { reloads, changes }: { readonly reloads: number; readonly changes: number },
): Promise<void> {
  // One server answers on every loopback address: many members for the price of one.
  const port = await startMember('many', '0.0.0.0');
  const world = (round: number, weight: (i: number) => number): World =>
    worldOf({
      listeners: [
        {
          name: 'web',
          port: 8080,
          members: [],
          listener: { http: { ...HTTP, setHeaders: { 'X-Round': String(round) } } },
          pool: {
            members: Array.from({ length: MEMBERS }, (_, i) =>
              buildMember(`127.0.72.${1 + i}`, { port, weight: weight(i) }),
            ),
          },
        },
      ],
    });
  await put(
    driver,
    world(0, () => 1),
  );
  const load = new Load();

  // Every tenth brings another configuration; those between load the same one again.
  for (let i = 1; i <= reloads; i++) {
    if (i % 10 !== 0) await rig.process.reload((await rig.process.generation())!);
    else
      assert.deepEqual(
        (
          await put(
            driver,
            world(i, () => 1),
          )
        ).steps.map(({ how }) => how),
        ['reload'],
      );
  }
  const pid = await worker(rig);
  let changed = 0;
  for (let round = 2; changed < changes; round++)
    changed += (
      await put(
        driver,
        world(reloads, (i) => ((round + i) % 250) + 1),
      )
    ).steps.length;
  await load.stop();

  assert.deepEqual(load.failures.slice(0, 5), []);
  assert.ok(load.served > reloads * 2, `${load.served} were served`);
  assert.equal(await worker(rig), pid, 'no change of a weight reloads');
  assert.ok((await driver.counters()).find(({ key }) => key === `tcp/${VIP}:8080`)!.connections > 0n);
}

/** Of the one that takes connections. */
export async function worker(rig: Rig): Promise<number> {
  return (await rig.process.workers())[0]!;
}
