// The event stream over real sockets: live, resumed, with gaps told, and without an end that hangs.
import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../lab/until.ts';
import { buildIntent, buildMember, buildPool } from '../../../test/fixtures/build-intent.ts';
import { ask, openDoor } from '../../../test/fixtures/rest-door.ts';
import { EventRing } from './event-ring.ts';

const INTENT = buildIntent({ pools: [buildPool('web', [buildMember('10.0.0.1', { name: 'w1' })])] });
const LIMIT_MS = 10_000;

class Reader {
  readonly response: IncomingMessage;
  text = '';
  ended = false;

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      this.text += chunk;
    });
    response.once('close', () => {
      this.ended = true;
    });
    response.on('error', () => undefined);
  }

  static open(socketPath: string, lastId?: string): Promise<Reader> {
    const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath, path: '/v1/events/watch', headers, agent: false }, (response) =>
        resolve(new Reader(response)),
      );
      sent.once('error', reject);
      sent.end();
    });
  }

  async until(pattern: RegExp): Promise<void> {
    for (let waited = 0; !pattern.test(this.text); waited += 5) {
      assert.ok(waited < LIMIT_MS, `no ${pattern} in ${this.text}`);
      await sleep(5);
    }
  }

  ids(): string[] {
    return [...this.text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id!);
  }
}

test('a stream tells events as they happen, and a reader that comes back misses none', async () => {
  const door = await openDoor(INTENT);
  try {
    const first = await Reader.open(door.socket);
    await ask(door.socket, 'PUT', '/v1/pools/web/members/w1/override', { body: { state: 'down' } });
    await first.until(/"action":"setOverride"/);
    first.response.destroy();
    const seen = first.ids().at(-1)!;
    for (const level of ['debug', 'info', 'warn'])
      await ask(door.socket, 'PUT', '/v1/log-level', { body: { level } });
    const second = await Reader.open(door.socket, seen);
    await second.until(/"level":"warn"/);

    assert.match(first.text, /^event: audit\ndata: \{.*"who":"unix".*\}$/m);
    const numbers = second.ids().map((id) => Number(id.split('-')[1]));
    assert.deepEqual(
      numbers,
      [1, 2, 3].map((n) => n + Number(seen.split('-')[1])),
    );
    assert.doesNotMatch(second.text, /event: missed/);
    second.response.destroy();
  } finally {
    await door.close();
  }
});

test('a reader from before a restart is told that nobody knows what it missed', async () => {
  const door = await openDoor(INTENT);
  try {
    const reader = await Reader.open(door.socket, 'abc-7');
    await reader.until(/event: missed\ndata: \{"missed":"unknown"\}/);
    const nonsense = await Reader.open(door.socket, '../../x');
    await nonsense.until(/event: missed/);
  } finally {
    await door.close();
  }
});

test('closing the door ends every stream at once', async () => {
  const door = await openDoor(INTENT);
  const readers = [await Reader.open(door.socket), await Reader.open(door.socket)];
  const started = performance.now();
  await door.close();

  assert.ok(performance.now() - started < 2000);
  await until('both streams to end', () => readers.every((one) => one.ended));
});

test('EventRing keeps the last ones and says how many are gone', () => {
  const ring = new EventRing(36, 3);
  for (let i = 1; i <= 10; i++) ring.push({ kind: 'config-loaded', atMs: i, hash: `h${i}` });

  assert.deepEqual(
    ring.last(99).map((one) => one.id),
    ['10-8', '10-9', '10-10'],
  );
  const cases: [string, number[], number | undefined][] = [
    ['10-10', [], 0],
    ['10-9', [10], 0],
    ['10-7', [8, 9, 10], 0],
    ['10-4', [8, 9, 10], 3],
    ['10-11', [8, 9, 10], undefined],
    ['zz-9', [8, 9, 10], undefined],
  ];
  for (const [id, numbers, missed] of cases) {
    const resumed = ring.after(id);
    assert.deepEqual([resumed.events.map((one) => one.number), resumed.missed], [numbers, missed], id);
  }
});
