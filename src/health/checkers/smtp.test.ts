import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { BEAT, soon } from '../../../test/fixtures/checks.ts';
import type { CheckOf } from './checker.ts';
import { checkSmtp, replyCode } from './smtp.ts';

const CHECK: CheckOf<'smtp'> = {
  ...BEAT,
  type: 'smtp',
  helo: 'lb.example',
  startTls: false,
};

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

/** A mail server that answers each command by its first word; `STARTTLS` upgrades when `pem` is given. */
async function mailServer(
  greeting: string,
  answers: Record<string, string>,
  pem?: { cert: Buffer; key: Buffer },
) {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(greeting);
    socket.on('data', (data) => {
      const line = data.toString().trim();
      heard.push(line);
      const verb = line.split(' ')[0]!;
      socket.write(answers[verb] ?? '500 what?\r\n');
      if (verb === 'STARTTLS' && pem !== undefined) {
        socket.removeAllListeners('data');
        new TLSSocket(socket, { isServer: true, ...pem }).on('error', () => {});
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return { heard, target: { address: '127.0.0.1', port: (server.address() as AddressInfo).port } };
}

describe('checkSmtp()', () => {
  it('passes after greeting and EHLO, and says QUIT', async () => {
    const { heard, target } = await mailServer('220-one\r\n220 two\r\n', {
      EHLO: '250-x\r\n250 SIZE\r\n',
      QUIT: '221 bye\r\n',
    });

    assert.deepEqual(await checkSmtp(CHECK, target, soon()), { ok: true });
    // QUIT is on its way when the check has passed.
    for (let i = 0; i < 1000 && heard.length < 2; i++) await sleep(10);
    assert.deepEqual(heard, ['EHLO lb.example', 'QUIT']);
  });

  it('falls back to HELO', async () => {
    const { heard, target } = await mailServer('220 old\r\n', { EHLO: '502 no\r\n', HELO: '250 ok\r\n' });

    assert.deepEqual(await checkSmtp(CHECK, target, soon()), { ok: true });
    assert.deepEqual(heard.slice(0, 2), ['EHLO lb.example', 'HELO lb.example']);
  });

  it('quotes a refusal', async () => {
    const { target } = await mailServer('554 go away\r\n', {});

    assert.deepEqual(await checkSmtp(CHECK, target, soon()), {
      ok: false,
      error: 'The greeting was "554 go away"',
    });
  });

  it('does not read a banner without end', async () => {
    const { target } = await mailServer(`220-${'x'.repeat(40_000)}`, {});

    assert.deepEqual(await checkSmtp(CHECK, target, soon()), {
      ok: false,
      error: 'The greeting is longer than 16384 bytes',
    });
  });

  it('starts TLS, and fails where it is not offered', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lbctl-smtp-check-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '3',
        '-subj',
        '/CN=mx',
        ...files,
      ],
      { stdio: 'pipe' },
    );
    const pem = { cert: readFileSync(join(folder, 'cert.pem')), key: readFileSync(join(folder, 'key.pem')) };
    const offered = await mailServer(
      '220 mx\r\n',
      { EHLO: '250-mx\r\n250 STARTTLS\r\n', STARTTLS: '220 go\r\n' },
      pem,
    );
    const missing = await mailServer('220 mx\r\n', { EHLO: '250 mx\r\n' });

    assert.deepEqual(await checkSmtp({ ...CHECK, startTls: true }, offered.target, soon()), { ok: true });
    assert.deepEqual(await checkSmtp({ ...CHECK, startTls: true }, missing.target, soon()), {
      ok: false,
      error: 'The member does not offer STARTTLS',
    });
  });
});

describe('replyCode()', () => {
  it('waits for the last line of a reply', () => {
    assert.equal(replyCode('250-a\r\n'), undefined);
    assert.equal(replyCode('250-a\r\n250 b'), undefined);
    assert.equal(replyCode('250-a\r\n250 b\r\n'), 250);
    assert.equal(replyCode('250\r\n'), 250);
    assert.equal(replyCode('hello\r\n'), 0);
  });
});
