// The API over TCP as an operator uses it: a real daemon, certificates of "lbctl pki", tokens, and those who should not get in.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect as tcpConnect } from 'node:net';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { ownLoopback, ownPort } from '../fixtures/own-loopback.ts';
import { type Running, start } from './daemon-process.ts';
import { openShop } from './run-lbctl.ts';

const shop = openShop();
const at = (file: string): string => join(shop.folder, file);
const host = ownLoopback(72);
let port = ownPort();
let daemon: Running;
const local = { LBCTL_SOCKET: '' };

const remote = (more: Record<string, string> = {}) => ({
  env: { LBCTL_SERVER: `https://${host}:${port}`, LBCTL_CA: 'pki/ca.pem', ...more },
});
const bearing = (name: string) => ({ LBCTL_CERT: `pki/${name}.pem`, LBCTL_KEY: `pki/${name}.key` });

async function pki(...args: string[]): Promise<void> {
  const ran = await shop.run(['pki', ...args, '--dir', 'pki']);
  assert.equal(ran.code, 0, ran.err);
}

/** One request with nothing of lbctl between; `onHead` is told once its answer begins. */
function get(
  path: string,
  headers: Record<string, string> = {},
  bearer?: string,
  onHead = (): void => undefined,
): Promise<{ status: number; retryAfter: string | undefined; ms: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host,
        port,
        path,
        agent: false,
        ca: readFileSync(at('pki/ca.pem')),
        servername: 'localhost',
        headers,
        ...(bearer === undefined
          ? {}
          : { cert: readFileSync(at(`pki/${bearer}.pem`)), key: readFileSync(at(`pki/${bearer}.key`)) }),
      },
      (answer) => {
        onHead();
        answer.resume();
        answer.once('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            retryAfter: answer.headers['retry-after'],
            ms: performance.now() - began,
          }),
        );
      },
    );
    sent.once('error', reject);
    sent.end();
  });
}

before(async () => {
  await pki('init', '--name', 'test authority');
  await pki('issue', 'server', 'lb-a', '--names', `localhost,${host}`);
  for (const role of ['viewer', 'operator', 'admin']) await pki('issue', 'client', role, '--role', role);
  shop.write(
    'config.yaml',
    `
node: { name: lb-a, role: single }
network: { frontend: { interface: lo } }
system: { state_dir: ${at('state')}, run_dir: ${at('run')} }
logging: { format: json }
api:
  socket: ${at('api.sock')}
  listen: ${host}:${port}
  tls: { certificate: ${at('pki/lb-a.pem')}, key: ${at('pki/lb-a.key')}, client_ca: ${at('pki/ca.pem')}, client_crl: ${at('pki/ca.crl')} }
metrics: { prometheus: { enabled: false } }
vips: [{ name: web, address: 192.0.2.10 }]
listeners:
  - { name: web, vip: web, port: 80, members: [{ name: w1, address: 127.0.0.1, port: 8080 }] }
`,
  );
  local.LBCTL_SOCKET = at('api.sock');
  daemon = start(at('config.yaml'));
  await daemon.next('ready');
});

describe('the API over TCP', () => {
  it('makes keys that nobody else reads', () => {
    for (const file of ['ca.key', 'lb-a.key', 'admin.key'])
      assert.equal(statSync(at(`pki/${file}`)).mode & 0o777, 0o600);
    assert.equal(statSync(at('pki')).mode & 0o777, 0o700);
  });

  it('lets each role of a certificate do what it may', async () => {
    const table: [string[], number, number, number][] = [
      [['status', '-o', 'json'], 0, 0, 0],
      [['member', 'reset', 'web/w1'], 7, 0, 0],
      [['audit', 'verify'], 7, 7, 0],
      [['token', 'list'], 7, 7, 0],
    ];
    for (const [args, ...codes] of table)
      for (const [i, name] of ['viewer', 'operator', 'admin'].entries()) {
        const ran = await shop.run(args, remote(bearing(name)));
        assert.equal(ran.code, codes[i], `${name} ${args.join(' ')}: ${ran.err}`);
      }
  });

  it('lets a token do what it may, until it is revoked or ends', async () => {
    const made = await shop.run(['token', 'create', 'ci', '--role', 'operator'], { env: local });
    const short = await shop.run(['token', 'create', 'short', '--expires', '10s'], { env: local });
    const ends = Date.now() + 10_000;
    const early = await shop.run(['status'], remote({ LBCTL_TOKEN: short.out.trim() }));
    const env = { LBCTL_TOKEN: made.out.trim() };
    const drained = await shop.run(['drain', 'web/w1', '--for', '1h'], remote(env));
    const id = env.LBCTL_TOKEN.split('_')[1]!;
    const { promise: isOpen, resolve: opened } = Promise.withResolvers<void>();
    const bearer = { authorization: `Bearer ${made.out.trim()}` };
    const stream = get('/v1/events/watch', bearer, undefined, opened);
    await isOpen;
    const revoked = await shop.run(['token', 'revoke', id], remote(bearing('admin')));
    const replayed = await shop.run(['status'], remote(env));
    // It ends by itself, and no event goes to it any more.
    assert.equal((await stream).status, 200);
    await sleep(ends - Date.now());
    const late = await shop.run(['status'], remote({ LBCTL_TOKEN: short.out.trim() }));
    const listed = await shop.run(['token', 'list', '-o', 'json'], { env: local });

    assert.deepEqual(
      [drained.code, early.code, revoked.code],
      [0, 0, 0],
      drained.err + early.err + revoked.err,
    );
    assert.match(replayed.err, /^error\[DENIED\]: Cannot say who asks: the token is revoked/);
    assert.match(late.err, /the token is expired/);
    assert.deepEqual([replayed.code, late.code], [7, 7]);
    // The secret is in no list, no log and no file of the daemon.
    const secret = env.LBCTL_TOKEN.slice(17);
    const files = ['state/state.db', 'state/state.db-wal', 'state/audit.db', 'state/audit.db-wal'].map(
      (file) => readFileSync(at(file), 'latin1'),
    );
    for (const text of [listed.out, JSON.stringify(daemon.lines), ...files])
      assert.ok(!text.includes(secret));
  });

  it('keeps a token of one project from the whole node', async () => {
    const made = await shop.run(['token', 'create', 'shop', '--role', 'admin', '--project', 'shop'], {
      env: local,
    });
    const ran = await shop.run(['reload'], remote({ LBCTL_TOKEN: made.out.trim() }));
    assert.equal(ran.code, 7);
    assert.match(ran.err, /it is of project "shop"/);
  });

  it('speaks TLS 1.2 and newer, and nothing in clear', async () => {
    const handshake = (maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string>((resolve) => {
        const socket = tlsConnect({
          host,
          port,
          rejectUnauthorized: false,
          minVersion: 'TLSv1',
          maxVersion,
          ciphers: 'ALL:@SECLEVEL=0',
        });
        socket.once('secureConnect', () => resolve(String(socket.getProtocol())));
        socket.once('error', () => resolve('refused'));
        socket.once('close', () => resolve('refused'));
      });
    assert.deepEqual(
      [await handshake('TLSv1.1'), await handshake('TLSv1.2'), await handshake('TLSv1.3')],
      ['refused', 'TLSv1.2', 'TLSv1.3'],
    );
    const clear = await new Promise<string>((resolve) => {
      const socket = tcpConnect(port, host, () => socket.write('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      socket.once('error', () => undefined);
      socket.once('close', () => resolve(text));
    });
    assert.doesNotMatch(clear, /lb-a|HTTP\/1.1 200/);
  });

  it('takes a renewed certificate, and a new CRL, without a restart', async () => {
    const serialOf = () =>
      new Promise<string>((resolve, reject) => {
        const socket = tlsConnect({ host, port, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.end();
        });
        socket.once('error', reject);
      });
    const before = await serialOf();
    assert.equal((await get('/v1/version', {}, 'viewer')).status, 200);
    await pki('renew', 'lb-a');
    await pki('revoke', 'viewer');
    await daemon.next('the API over TCP has its certificate');
    const viewer = async () => (await get('/v1/version', {}, 'viewer')).status;
    for (let i = 0; i < 100 && (await serialOf()) === before; i++) await sleep(100);
    // A look of the daemon may fall between the two commands: the CRL then comes with the next one.
    for (let i = 0; i < 100 && (await viewer()) !== 401; i++) await sleep(100);

    assert.notEqual(await serialOf(), before);
    assert.equal(await viewer(), 401);
    assert.equal((await get('/v1/version', {}, 'operator')).status, 200);
  });

  it('keeps what it had when new files are wrong', async () => {
    const good = readFileSync(at('pki/lb-a.pem'));
    writeFileSync(at('pki/lb-a.pem'), 'nonsense');
    await daemon.next('the API over TCP is not as configured');
    assert.equal((await get('/v1/version', {}, 'operator')).status, 200);
    writeFileSync(at('pki/lb-a.pem'), good);
    await daemon.next('the API over TCP has its certificate');
  });

  it('moves with a reload, and closes when the configuration says so', async () => {
    const text = readFileSync(at('config.yaml'), 'utf8');
    const [was, moved] = [port, ownPort()];
    writeFileSync(at('config.yaml'), text.replace(`${host}:${was}`, `${host}:${moved}`));
    daemon.child.kill('SIGHUP');
    await daemon.next('the API over TCP has its certificate');
    await assert.rejects(get('/v1/version', {}, 'operator'), { code: 'ECONNREFUSED' });
    port = moved;
    assert.equal((await get('/v1/version', {}, 'operator')).status, 200);
  });

  it('slows and then shuts out who guesses, and lets certificates in meanwhile', async () => {
    const guess = () =>
      get('/v1/status', { authorization: `Bearer lbt_${'0'.repeat(12)}_${'A'.repeat(43)}` });
    const answers: Awaited<ReturnType<typeof get>>[] = [];
    for (let i = 0; i < 14 && answers.at(-1)?.status !== 429; i++) answers.push(await guess());
    const last = answers.at(-1)!;

    assert.ok(answers.filter((one) => one.status === 401).length <= 10);
    assert.ok(
      answers.some((one) => one.status === 401 && one.ms > 1000),
      'nobody was slowed',
    );
    assert.equal(last.status, 429);
    assert.ok(Number(last.retryAfter) > 50 && Number(last.retryAfter) <= 60);
    // At once: what one answer takes is the machine's affair, not what all of them do.
    const more = [await guess(), await guess()];
    assert.deepEqual(
      more.map(({ status }) => status),
      [429, 429],
    );
    assert.ok(Math.min(...[last, ...more].map(({ ms }) => ms)) < 500);
    assert.equal((await get('/v1/version', {}, 'operator')).status, 200);
    assert.ok(
      daemon.lines.some((line) => line.msg === 'a caller was refused' && line.why === 'the token is unknown'),
    );
  });

  it('has everything that was written in an audit whose chain holds, over a restart', async () => {
    const whole = await shop.run(['audit', 'verify'], { env: local });
    const [, head] = /head (\S+)/.exec(whole.out) ?? [];
    daemon.child.kill('SIGTERM');
    assert.equal(await daemon.ended, 0);
    daemon = start(at('config.yaml'));
    await daemon.next('ready');
    const again = await shop.run(['audit', 'verify', '--head', head!], { env: local });
    const exported = await shop.run(['audit', 'export'], { env: local });
    const other = await shop.run(['audit', 'verify', '--head', `1:${'0'.repeat(64)}`], { env: local });

    assert.equal(again.code, 0, again.out + again.err);
    const entries = exported.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { who: string; action: string; status: number });
    assert.ok(
      entries.some((one) => one.who === 'token:ci' && one.action === 'setOverride' && one.status === 200),
    );
    assert.ok(entries.some((one) => one.who === 'cert:viewer' && one.status === 403));
    assert.deepEqual([other.code, /is another than the one noted/.test(other.out)], [1, true]);
    daemon.child.kill('SIGTERM');
    assert.equal(await daemon.ended, 0);
  });
});
