// Who waits for a full member: as many as the pool says for each member, everybody else hears so at once.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withRig } from './haproxy-load.ts';
import { closeMembers, listen, put, VIP, worldOf } from './haproxy-site.ts';

after(closeMembers);

/** Answers when told to. */
async function startPatient(): Promise<{ readonly port: number; readonly answer: () => void }> {
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
  return { port, answer };
}

for (const [protocol, refused] of [
  ['http', '503'],
  ['tcp', 'refused'],
] as const)
  test(`max_queue bounds who waits, a member each, in protocol ${protocol}`, async () => {
    await withRig(async (_, driver) => {
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
      const asked = Array.from({ length: 7 }, async (_, index) => {
        // Threads of HAProxy that look at the same moment find the same room.
        await sleep(index * 20);
        const answer = await fetch(`http://${VIP}:8080/`, { headers: { connection: 'close' } }).then(
          async (response) => (response.ok ? await response.text() : String(response.status)),
          () => 'refused',
        );
        said.push(answer);
      });
      for (let tries = 0; tries < 100 && said.length < 3; tries++) await sleep(20);

      // Two are served and two wait.
      assert.deepEqual(said, [refused, refused, refused]);
      for (const { answer } of members) answer();
      await Promise.all(asked);
      assert.deepEqual(said.slice(3), ['served', 'served', 'served', 'served']);
    });
  });
