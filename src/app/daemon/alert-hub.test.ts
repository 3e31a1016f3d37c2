// AlertHub: other settings while a mail is half sent neither send it twice nor lose one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../lab/until.ts';
import { buildIntent } from '../../../test/fixtures/build-intent.ts';
import type { EngineEvent } from '../../engine/events.ts';
import type { Intent } from '../../model/intent.ts';
import { AlertHub } from './alert-hub.ts';

const DOWN: EngineEvent = {
  kind: 'member-changed',
  atMs: 1000,
  pool: 'web',
  member: 'web1',
  from: 'InService',
  to: 'CheckFailed',
  effectiveWeight: 0,
};

/** Takes its time between the end of a mail and its word that it has it. */
async function slowMailServer(mails: string[], takes: (mail: string) => Promise<void>) {
  const talk = async (socket: Socket): Promise<void> => {
    socket.on('error', () => undefined).write('220 here\r\n');
    let mail: string[] | undefined;
    let rest = '';
    for await (const chunk of socket) {
      const lines = `${rest}${chunk}`.split('\r\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (mail === undefined) {
          socket.write(line === 'DATA' ? '354 go on\r\n' : '250 yes\r\n');
          if (line === 'DATA') mail = [];
        } else if (line === '.') {
          const whole = mail.join('\n');
          mails.push(whole);
          mail = undefined;
          await takes(whole);
          socket.write('250 taken\r\n');
        } else mail.push(line);
      }
    }
  };
  const server = createServer((socket) => void talk(socket).catch(() => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

test('setIntent() in the middle of a mail sends it once, and what comes after it too', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'lbctl-alert-hub-'));
  t.after(() => rmSync(stateDir, { recursive: true }));
  const mails: string[] = [];
  const gate = Promise.withResolvers<void>();
  const server = await slowMailServer(mails, () => gate.promise);
  t.after(server.close);
  const base = buildIntent({});
  const intent = (perMinute: number): Intent => ({
    ...base,
    system: { ...base.system, stateDir },
    notifications: {
      ...base.notifications,
      perMinute,
      events: ['member'],
      mail: {
        server: '127.0.0.1',
        port: server.port,
        tls: 'none',
        from: 'lb-a@example.com',
        to: ['ops@example.com'],
        connectTimeoutMs: 2000,
      },
    },
  });
  const faults: string[] = [];
  const hub = new AlertHub({
    world: () => undefined,
    lastErrorOf: () => undefined,
    onFault: (channel, message) => faults.push(`${channel}: ${message}`),
  });
  t.after(() => hub.close());
  hub.setIntent(intent(10));
  hub.emit(DOWN);
  await until('the first mail', () => mails.length === 1);

  hub.emit({ ...DOWN, member: 'web2' });
  hub.setIntent(intent(20));
  await sleep(300);
  gate.resolve();
  await until('the second mail', () => mails.length === 2);
  await hub.close();

  const subjects = mails.map((mail) => /web\/web\d/.exec(mail)?.[0]);
  assert.deepEqual([subjects, faults], [['web/web1', 'web/web2'], []]);
  assert.deepEqual(readdirSync(join(stateDir, 'mail')), []);
});
