import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pollBfd } from './bfd-poll.ts';

test('pollBfd() tells of each session once, of changes as they come, and that bfdd went away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sy-bfd-poll-'));
  const rows = new Map([
    ['192.0.2.1', 'up'],
    ['192.0.2.2', 'init'],
  ]);
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (chunk) => {
      const said = chunk.toString();
      const peers = [...rows].map(([peer, status]) => ({ peer, status }));
      const text = said.startsWith('show') ? JSON.stringify(peers) : '';
      socket.write(`${text}\0\0\0\0`);
    });
  });
  server.listen(join(folder, 'bfdd.vty'));
  await once(server, 'listening');
  const heard: string[] = [];
  const next = (): Promise<void> => new Promise((resolve) => (tell = resolve));
  let tell: () => void = () => {};
  const say = (word: string): void => {
    heard.push(word);
    tell();
  };

  const first = next();
  const watch = pollBfd(
    join(folder, 'bfdd.vty'),
    ({ peer, up }) => say(`${peer} ${up ? 'up' : 'down'}`),
    (why) => say(why),
  );
  await first;
  for (const [peer, status] of [
    ['192.0.2.2', 'up'],
    ['192.0.2.1', 'down'],
  ] as const) {
    const change = next();
    rows.set(peer, status);
    await change;
  }
  const lost = next();
  for (const socket of sockets) socket.destroy();
  await lost;
  watch.close();
  server.close();
  rmSync(folder, { recursive: true });

  assert.deepEqual(heard.slice(0, 3), ['192.0.2.1 up', '192.0.2.2 up', '192.0.2.1 down']);
  assert.match(heard[3]!, /Cannot ask FRR: the daemon closed the connection/);
  assert.equal(heard.length, 4);
});

test('pollBfd() tells at once that no bfdd runs', async () => {
  const why = await new Promise<string>((resolve) =>
    pollBfd('/nonexistent/bfdd.vty', () => assert.fail('nothing to tell of'), resolve),
  );

  assert.match(why, /Cannot reach bfdd of FRR as it does not run/);
});
