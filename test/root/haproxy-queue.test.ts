// Who waits for a full member: as many as the pool says for each member, everybody else hears so at once.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { until } from '../../lab/until.ts';
import { ask } from '../../src/drivers/haproxy/sockets.ts';
import { withRig } from './haproxy-load.ts';
import type { Rig } from './haproxy-rig.ts';
import { closeMembers, listen, put, VIP, worldOf } from './haproxy-site.ts';

after(closeMembers);

/** Answers when told to. */
async function startPatient(): Promise<{
  readonly port: number;
  readonly asked: () => number;
  readonly answer: () => void;
}> {
  const waiting: (() => void)[] = [];
  let isFree = false;
  const port = await listen(
    createServer((_, response) => {
      if (isFree) response.end('served');
      else waiting.push(() => response.end('served'));
    }),
  );
  const answer = () => {
    isFree = true;
    for (const one of waiting.splice(0)) one();
  };
  return { port, asked: () => waiting.length, answer };
}

/** Requests that wait in HAProxy for a member. */
async function queuedIn(rig: Rig): Promise<number> {
  const [csv = ''] = await ask(rig.process.admin, ['show stat']);
  const [head = [], ...rows] = csv.split('\n').map((line) => line.split(','));
  return rows.reduce((sum, row) => sum + Number(row[head.indexOf('qcur')] || 0), 0);
}

for (const [protocol, refused] of [
  ['http', '503'],
  ['tcp', 'refused'],
] as const)
  test(`max_queue bounds who waits, a member each, in protocol ${protocol}`, async () => {
    await withRig(async (rig, driver) => {
      const members = await Promise.all([startPatient(), startPatient()]);
      const world = worldOf({
        listeners: [
          { name: 'web', port: 8080, members: members.map(({ port }) => port), listener: { protocol } },
        ],
      });
      const [listener] = world.listeners;
      const full = listener!.members.map((member) => ({ ...member, maxConnections: 1 }));
      const layer7 = listener!.layer7!;
      const poolOptions = { ...layer7.poolOptions, maxQueue: 1 };
      await put(driver, {
        ...world,
        listeners: [{ ...listener!, members: full, layer7: { ...layer7, poolOptions } }],
      });

      const said: string[] = [];
      const asked: Promise<void>[] = [];
      const placed = async (): Promise<number> =>
        members.reduce((sum, one) => sum + one.asked(), said.length) + (await queuedIn(rig));
      for (let n = 1; n <= 7; n++) {
        const answer = fetch(`http://${VIP}:8080/`, { headers: { connection: 'close' } }).then(
          async (response) => (response.ok ? await response.text() : String(response.status)),
          () => 'refused',
        );
        asked.push(answer.then((one) => void said.push(one)));
        // One after another: threads of HAProxy that look at the same moment find the same room.
        await until(`a place for request ${n}`, async () => (await placed()) === n);
      }

      // Two are served and two wait.
      assert.deepEqual(said, [refused, refused, refused]);
      for (const { answer } of members) answer();
      await Promise.all(asked);
      assert.deepEqual(said.slice(3), ['served', 'served', 'served', 'served']);
    });
  });
