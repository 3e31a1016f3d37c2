import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { until } from '../../../lab/until.ts';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../../test/fixtures/build-intent.ts';
import type { EngineEvent } from '../../engine/events.ts';
import { type Clock, FakeClock, systemClock } from '../../lib/clock.ts';
import { Secret } from '../../lib/secret.ts';
import type { MailSettings, NotificationSettings } from '../../model/settings.ts';
import { assumedFacts } from '../../plan/assumed-facts.ts';
import { resolve } from '../../plan/resolve.ts';
import { Alerts } from './alerts.ts';
import { newMailId } from './mail-message.ts';
import { MailQueue } from './mail-queue.ts';
import { MailRefused, sendMail } from './smtp-client.ts';
import { signature } from './webhook.ts';

const ACTIVE: EngineEvent = {
  kind: 'role-changed',
  atMs: 2,
  group: 'pair',
  from: 'standby',
  to: 'active',
  epoch: 3,
  reason: 'Active',
  detail: 'elected by VRRP',
  lastedMs: 90_000,
};

const folder = mkdtempSync(join(tmpdir(), 'lbctl-alerts-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly tls: boolean;
  readonly user: string | null;
  readonly text: string;
}

/** A real mail server in a process of its own. */
async function mailServer(mode: string, ...more: string[]) {
  const child = spawn(
    '/usr/bin/python3',
    [join(import.meta.dirname, '../../../test/fixtures/smtp-server.py'), '0', mode, ...more],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => JSON.parse((await lines.next()).value as string) as T;
  const { listening } = await next<{ listening: number }>();
  return { port: listening, mail: () => next<ReceivedMail>() };
}

function settings(port: number, more: Partial<MailSettings> = {}): MailSettings {
  return {
    from: 'lb-a <lb-a@example.com>',
    to: ['ops@example.com'],
    server: '127.0.0.1',
    port,
    connectTimeoutMs: 2000,
    tls: 'none',
    ...more,
  };
}

const MAIL = {
  from: 'lb-a <lb-a@example.com>',
  to: ['ops@example.com', 'Duty <duty@example.com>'],
  subject: 'web/10.0.0.1:80 is down — überprüfen\r\nBcc: evil@example.com',
  text: '.a line with a dot\nand more\n',
  atMs: Date.UTC(2026, 10, 20, 12, 0, 0),
  id: newMailId('lb-a'),
};

function bodyOf(mail: ReceivedMail): string {
  return Buffer.from(mail.text.split('\r\n\r\n')[1]!, 'base64').toString('utf8');
}

describe('sendMail() to a real server', () => {
  it('reaches every recipient, with a subject that cannot smuggle in a header', async () => {
    const server = await mailServer('plain');

    const refused = await sendMail(settings(server.port), MAIL, 'lb-a');
    const mail = await server.mail();

    assert.deepEqual(refused, []);
    assert.deepEqual([mail.from, mail.to], ['lb-a@example.com', ['ops@example.com', 'duty@example.com']]);
    assert.equal(bodyOf(mail), MAIL.text);
    assert.match(mail.text, /^Date: Fri, 20 Nov 2026 12:00:00 \+0000$/m);
    assert.doesNotMatch(mail.text, /^Bcc:/m);
  });

  it('starts TLS and logs in, and refuses to log in without it', async () => {
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
    const server = await mailServer('starttls', join(folder, 'cert.pem'), join(folder, 'key.pem'));
    const login = { username: 'lb', password: new Secret('s3cret') };

    await sendMail(settings(server.port, { tls: 'starttls', ...login }), MAIL, 'lb-a');
    const mail = await server.mail();

    assert.deepEqual([mail.tls, mail.user], [true, 'lb']);
    await assert.rejects(
      sendMail(
        settings(server.port, { tls: 'starttls', username: 'lb', password: new Secret('wrong') }),
        MAIL,
        'lb-a',
      ),
      {
        message: /^The mail server refused AUTH PLAIN: 535/,
      },
    );
    await assert.rejects(sendMail(settings(server.port, login), MAIL, 'lb-a'), MailRefused);
  });

  it('names the recipients that were refused while others were taken', async () => {
    const server = await mailServer('refuse');
    const mail = { ...MAIL, to: ['ops@example.com', 'gone@example.com'] };

    assert.deepEqual(await sendMail(settings(server.port), mail, 'lb-a'), ['gone@example.com']);
    await assert.rejects(
      sendMail(settings(server.port), { ...MAIL, to: ['gone@example.com'] }, 'lb-a'),
      MailRefused,
    );
  });
});

const POOL = buildPool('web', [buildMember('10.0.0.1', { name: 'web1', port: 80 })]);
const INTENT = buildIntent({
  vips: [buildVip('main', '192.0.2.10')],
  pools: [POOL],
  listeners: [buildListener('web', 'main', 80, { pool: 'web' })],
});
const QUIET: NotificationSettings = {
  events: ['member', 'quorum', 'role', 'reload', 'split-brain'],
  scripts: [],
  webhooks: [],
  fifos: [],
  perMinute: 30,
};
const DOWN: EngineEvent = {
  kind: 'member-changed',
  atMs: 1000,
  pool: 'web',
  member: 'web1',
  from: 'InService',
  to: 'CheckFailed',
  effectiveWeight: 0,
};

function openAlerts(
  more: Partial<NotificationSettings>,
  faults: string[] = [],
  clock: Clock = systemClock,
  mails?: MailQueue,
): Alerts {
  return new Alerts({
    node: 'lb-a',
    settings: { ...QUIET, ...more },
    mails,
    clock,
    world: () => resolve(INTENT, assumedFacts(INTENT, 0)),
    priorityOf: () => 150,
    lastErrorOf: () => 'Connection refused',
    onFault: (channel, message) => faults.push(`${channel}: ${message}`),
  });
}

describe('Alerts', () => {
  it('gathers what happens together into one mail that says why', async () => {
    const server = await mailServer('plain');
    const mail = settings(server.port);
    const mails = new MailQueue({
      folder: mkdtempSync(join(folder, 'mails-')),
      clock: systemClock,
      random: Math.random,
      send: (one) => sendMail(mail, one, 'lb-a'),
      onLost: (_mail, why) => assert.fail(why),
      onTrouble: (why) => assert.fail(why),
    });
    const alerts = openAlerts({ mail, routerId: 'LVS_A' }, [], systemClock, mails);

    alerts.emit(DOWN);
    alerts.emit({ kind: 'quorum-changed', atMs: 1001, pool: 'web', held: false });
    alerts.emit({ ...DOWN, to: 'SlowStart', from: 'InService' });
    const sent = await server.mail();
    await alerts.close();
    // The server prints the mail before it says that it took it.
    await mails.close();

    assert.match(sent.text, /^Subject: \[LVS_A\] web\/web1 is down and 1 more\r$/m);
    assert.match(
      bodyOf(sent),
      /The health check failed as often as "fall" allows: Connection refused\. Effective weight: 0\./,
    );
    assert.equal(mails.size, 0);
  });

  it('posts signed JSON, and says which webhook does not take it', async () => {
    const received: { body: string; headers: Record<string, unknown> }[] = [];
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      received.push({ body, headers: request.headers });
      response.statusCode = request.url === '/broken' ? 500 : 204;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const faults: string[] = [];
    const hook = { secret: new Secret('key'), timeoutMs: 2000 };
    const alerts = openAlerts(
      {
        webhooks: [
          { url, ...hook },
          { url: `${url}/broken`, ...hook },
        ],
      },
      faults,
    );

    alerts.emit(DOWN);
    await alerts.close();
    server.close();

    const { body, headers } = received[0]!;
    assert.equal(headers['x-lbctl-signature'], signature('key', Number(headers['x-lbctl-timestamp']), body));
    assert.equal(JSON.parse(body).alerts[0].fields.reason, 'CheckFailed');
    // The path of a webhook is often its key.
    assert.deepEqual(faults, [`webhook ${new URL(url).host}: The webhook answered 500`]);
  });

  it('posts again to a receiver that was away, and says in the end why it did not reach one', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const webhook = { url: `http://ops:word@127.0.0.1:${port}/key`, timeoutMs: 2000 };
    const faults: string[] = [];
    const clock = new FakeClock();
    const alerts = openAlerts({ webhooks: [webhook] }, faults, clock);
    /** It waits to try again, and for nothing else. */
    const isAway = (): Promise<void> => until('the next try', () => clock.pending() === 1);
    alerts.emit(DOWN);
    await clock.advance(1000);
    await isAway();

    const back = createServer((request, response) => request.resume().on('end', () => response.end()));
    back.listen(port, '127.0.0.1');
    await once(back, 'listening');
    const asked = once(back, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    await clock.advance(2000);
    const [request, answer] = await asked;
    if (!answer.writableFinished) await once(answer, 'finish');
    assert.equal(request.headers.authorization, `Basic ${Buffer.from('ops:word').toString('base64')}`);
    assert.deepEqual(faults, []);

    back.closeAllConnections();
    back.close();
    await once(back, 'close');
    alerts.emit(DOWN);
    for (const ms of [1000, 2000]) {
      await clock.advance(ms);
      await isAway();
    }
    await clock.advance(10_000);
    await until('the end of all tries', () => faults.length > 0);
    await alerts.close();
    assert.deepEqual(faults, [
      `webhook 127.0.0.1:${port}: fetch failed: connect ECONNREFUSED 127.0.0.1:${port}`,
    ]);
  });

  it('runs scripts with the facts in their environment and as JSON', async () => {
    const out = join(folder, 'script-out');
    const alerts = openAlerts({
      scripts: [
        {
          command: [
            '/bin/sh',
            '-c',
            `echo "$LBCTL_EVENT $LBCTL_MEMBER $LBCTL_STATE" > ${out}; cat >> ${out}`,
          ],
          timeoutMs: 5000,
        },
      ],
    });

    alerts.emit(DOWN);
    await alerts.close();

    const [first, json] = readFileSync(out, 'utf8').split('\n');
    assert.equal(first, 'member web1 down');
    assert.equal(JSON.parse(json!).subject, 'web/web1 is down');
  });

  it('tells a script of a role with epoch, reason and duration, and of a second holder of its addresses', async () => {
    const out = join(folder, 'roles');
    const script = { command: ['/bin/sh', '-c', `cat >> ${out}`], timeoutMs: 5000 };
    const alerts = openAlerts({ scripts: [script] });
    alerts.emit(ACTIVE);
    alerts.emit({
      kind: 'split-brain',
      atMs: 3,
      group: 'pair',
      how: 'address',
      detail: 'another answers for 192.0.2.10 too',
    });
    await alerts.close();

    const [role, rival] = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(role.subject, 'Group pair is now active (was standby)');
    assert.equal(role.text, 'Active: elected by VRRP. Epoch 3; it was standby for 1m30s.');
    assert.deepEqual([role.fields.epoch, role.fields.reason, role.fields.lasted_ms], [3, 'Active', 90_000]);
    assert.deepEqual([rival.event, rival.severity], ['split-brain', 'critical']);
  });

  it('writes the lines of keepalived into its FIFOs, and never waits for a reader', async () => {
    const path = join(folder, 'fifo');
    const faults: string[] = [];
    const alerts = openAlerts({ fifos: [{ path, kind: 'all' }] }, faults);
    alerts.emit(DOWN);
    assert.deepEqual(faults, [`${path}: Nobody reads "${path}": 1 lines are lost`]);

    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    alerts.emit(DOWN);
    alerts.emit({ kind: 'quorum-changed', atMs: 1, pool: 'web', held: false });
    alerts.emit(ACTIVE);
    const buffer = Buffer.alloc(4096);
    const text = buffer.toString('utf8', 0, readSync(reader, buffer));
    closeSync(reader);
    await alerts.close();

    assert.deepEqual(text.split('\n'), [
      'RS [10.0.0.1]:tcp:80 [192.0.2.10]:tcp:80 DOWN',
      'VS [192.0.2.10]:tcp:80 DOWN',
      'INSTANCE "pair" MASTER 150',
      '',
    ]);
  });

  it('writes a line for the listeners that the quorum of a family is about, and for no others', async () => {
    const { lvsLines } = await import('./fifo.ts');
    const pool = buildPool('web', [
      buildMember('10.0.0.1', { port: 80 }),
      buildMember('2001:db8::1', { port: 80 }),
    ]);
    const intent = buildIntent({
      vips: [buildVip('v4', '192.0.2.10'), buildVip('v6', '2001:db8:1::10')],
      pools: [pool],
      listeners: [
        buildListener('web', 'v4', 80, { vips: ['v4', 'v6'] }),
        buildListener('far', 'v4', 81, { pool: 'web', mode: 'tunnel' }),
      ],
    });
    const world = resolve(intent, assumedFacts(intent, 0));
    const lines = (members: 'ipv4' | 'ipv6' | 'both') =>
      lvsLines({ kind: 'quorum-changed', atMs: 0, pool: 'web', held: false, members }, world);

    assert.deepEqual(lines('ipv4'), ['VS [192.0.2.10]:tcp:80 DOWN']);
    assert.deepEqual(lines('ipv6'), ['VS [2001:db8:1::10]:tcp:80 DOWN']);
    assert.deepEqual(lines('both'), ['VS [192.0.2.10]:tcp:81 DOWN']);
  });

  it('sends no more than its limit a minute', async () => {
    const { AlertBatch } = await import('./batch.ts');
    const clock = new FakeClock();
    const sent: string[] = [];
    const batch = new AlertBatch({
      clock,
      gatherMs: 1000,
      perMinute: 2,
      send: (alerts, dropped) => sent.push(`${clock.nowMs()}: ${alerts.length}+${dropped}`),
    });
    const alert = { event: 'member', severity: 'info', atMs: 0, subject: '', text: '', fields: {} } as const;
    for (let second = 0; second < 100; second++) {
      for (let i = 0; i < 5; i++) batch.add(alert);
      await clock.advance(1000);
    }

    assert.deepEqual(sent, ['1000: 5+0', '2000: 5+0', '61000: 200+95', '62000: 5+0']);
  });
});
