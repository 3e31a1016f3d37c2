// A member that HAProxy itself takes out, as real traffic fails there, told by the engine: Status and events.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { pause } from '../../src/drivers/haproxy/process.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { EngineEvent } from '../../src/engine/events.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { MemberStatus } from '../../src/model/status.ts';
import { assumedFacts } from '../../src/plan/assumed-facts.ts';
import { buildIntent, buildListener, buildVip } from '../fixtures/build-intent.ts';
import { Rig } from './haproxy-rig.ts';
import { closeMembers, listen, poolOf, startMember, VIP } from './haproxy-site.ts';

let good = 0;
let bad = 0;
let broken = false;

before(async () => {
  good = await startMember('good');
  bad = await listen(
    createServer((_, answer) => {
      answer.writeHead(broken ? 500 : 200).end('bad');
    }),
  );
});

after(closeMembers);

test('a member that real traffic fails is told as such, since when, and told again when it serves', async () => {
  const rig = new Rig({ trustMs: 900 });
  const events: EngineEvent[] = [];
  const intent = buildIntent({
    vips: [buildVip('four', VIP, { manage: false })],
    listeners: [
      buildListener('web', 'four', 8080, { mode: 'proxy', scheduler: 'rr', protocol: 'http' }),
      buildListener('again', 'four', 8081, {
        mode: 'proxy',
        scheduler: 'rr',
        protocol: 'http',
        pool: 'web',
      }),
    ],
    pools: [poolOf('web', [good, bad], { passive: { observe: 'answers', errors: 3, retryMs: 1500 } })],
  });
  const engine = new Engine(
    {
      drivers: [rig.open()],
      intents: { load: async () => ({ ok: true, intent, hash: 'v1' }) },
      facts: { read: () => assumedFacts(intent, Date.now()) },
      clock: systemClock,
      random: { next: () => 0.5 },
      events: { emit: (event) => events.push(event) },
    },
    { engine: 'haproxy' },
  );
  const of = (port: number) => engine.status()!.listeners.find(({ key }) => key === `tcp/${VIP}:${port}`)!;
  const told = (port = 8080): MemberStatus => of(port).members.find(({ name }) => name === `web-${bad}`)!;
  const ask = () => fetch(`http://${VIP}:8080/`, { headers: { connection: 'close' } });
  const until = async (what: string, holds: () => boolean, work: () => Promise<unknown>) => {
    for (let i = 0; i < 1000 && !holds(); i++) {
      await work();
      await pause(20);
    }
    assert.ok(holds(), what);
  };
  try {
    engine.start();
    await until(
      'it serves',
      () => engine.status()?.condition === 'ok',
      () => pause(50),
    );
    const from = Date.now();

    broken = true;
    await until('it is out', () => told().reason === 'TrafficFailed', ask);

    const { sinceMs = 0, observedWeight, effectiveWeight } = told();
    assert.ok(sinceMs >= from - 1000 && sinceMs <= Date.now(), `since ${sinceMs - from} ms after the first`);
    assert.deepEqual([observedWeight, effectiveWeight], [0, 1]);
    assert.deepEqual([of(8080).condition, of(8080).reason], ['degraded', 'TrafficFailed']);
    // Each listener has its own traffic.
    assert.deepEqual([told(8081).reason, of(8081).condition], ['NotChecked', 'ok']);
    assert.equal(engine.plan!.steps.length, 0, 'nothing of ours differs');

    broken = false;
    await until('it is back', () => told().reason === 'NotChecked', ask);
    assert.equal(of(8080).condition, 'ok');
    const changes = events.flatMap((event) =>
      event.kind === 'member-changed' ? [`${event.pool}/${event.member} ${event.from} -> ${event.to}`] : [],
    );
    assert.deepEqual(changes.slice(0, 2), [
      `web/web-${bad} NotChecked -> TrafficFailed`,
      `web/web-${bad} TrafficFailed -> NotChecked`,
    ]);
  } finally {
    await engine.close();
    await rig.close();
  }
});
