// Objects over REST against a real daemon on the memory engine: made, changed, taken away, refused, and there after a restart.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { Status } from '../../src/model/status.ts';
import { type Answer, type AskOptions, ask } from '../fixtures/rest-door.ts';
import { openDaemons, type RunningDaemon } from './run-daemon.ts';

const daemons = openDaemons('objects');

const FILES = `
vips: [{ name: www, address: 192.0.2.10 }]
pools: [{ name: filed, members: [{ name: f1, address: 127.0.0.1, port: 9000 }] }]
listeners: [{ name: filed, vip: www, port: 80, pool: filed }]
`;

interface Body {
  readonly code?: string;
  readonly detail?: string;
  readonly hint: string;
  readonly revision: number;
  readonly name: string;
  readonly spec: Record<string, unknown>;
  readonly source: { kind: string };
  readonly items: { name: string; source: { kind: string } }[];
  readonly next?: string;
  readonly details: { diagnostics: { path: string; rule: string }[] };
  readonly removed: { kind: string; name: string }[];
  readonly plan: { summary: { add: number } };
}

function clientOf({ socket }: RunningDaemon) {
  const send = async (method: string, path: string, options: AskOptions = {}) => {
    const answer: Answer = await ask(socket, method, `/v1${path}`, options);
    return {
      status: answer.status,
      etag: String(answer.headers.etag ?? ''),
      body: answer.json as Body,
      text: answer.text,
    };
  };
  return {
    get: (path: string) => send('GET', path),
    post: (path: string, body: unknown) => send('POST', path, { body }),
    put: (path: string, body: unknown, etag?: string) =>
      send('PUT', path, { body, ...(etag === undefined ? {} : { headers: { 'if-match': etag } }) }),
    patch: (path: string, body: unknown, etag?: string) =>
      send('PATCH', path, { body, ...(etag === undefined ? {} : { headers: { 'if-match': etag } }) }),
    remove: (path: string, etag?: string) =>
      send('DELETE', path, etag === undefined ? {} : { headers: { 'if-match': etag } }),
  };
}

const POOL = { name: 'web', members: [{ name: 'w1', address: '127.0.0.1', port: 9001 }] };
const LISTENER = { name: 'web', vip: 'www', port: 8080, pool: 'web' };

describe('objects', () => {
  it('are made, served, changed against their ETag, and are there after the daemon was killed', async () => {
    const daemon = await daemons.start('life', FILES);
    const api = clientOf(daemon);
    const made = await api.post('/pools', POOL);
    assert.deepEqual([made.status, made.body.revision], [201, 2], made.text);
    assert.equal((await api.post('/pools', POOL)).body.code, 'OBJECT_EXISTS');
    assert.equal((await api.post('/listeners', LISTENER)).status, 201);
    await daemon.until(async () => (await daemon.members()) === 2);

    const { etag } = await api.get('/pools/web');
    const blind = await api.patch('/pools/web', { drain: '5s' });
    assert.deepEqual([blind.status, blind.body.code], [428, 'ETAG_MISSING']);
    const changed = await api.patch('/pools/web', { drain: '5s' }, etag);
    assert.deepEqual([changed.status, changed.body.spec.drain], [200, '5s'], changed.text);
    const stale = await api.patch('/pools/web', { drain: '6s' }, etag);
    assert.deepEqual([stale.status, stale.body.code], [412, 'ETAG_STALE']);
    const cleared = await api.patch('/pools/web', { drain: null }, changed.etag);
    assert.equal('drain' in cleared.body.spec, false);
    const replaced = await api.put('/pools/web', { ...POOL, panic: 30 }, cleared.etag);
    assert.deepEqual([replaced.status, replaced.body.spec.panic], [200, 30]);
    assert.equal((await api.put('/pools/new', { members: [] })).status, 201);

    await daemon.restart('SIGKILL');

    const after = await api.get('/pools/web');
    assert.deepEqual([after.body.spec.panic, after.body.source.kind], [30, 'api']);
    assert.equal(await daemon.members(), 2);
  });

  it('of files are shown with their place, and refused to be changed', async () => {
    const api = clientOf(await daemons.start('filed', FILES));
    const { body, etag } = await api.get('/pools/filed');
    assert.deepEqual({ ...body.source, file: 'lb.yaml' }, { kind: 'file', file: 'lb.yaml', line: 11 });
    for (const refused of [
      await api.patch('/pools/filed', { panic: 3 }, etag),
      await api.remove('/listeners/filed', '*'),
      await api.put('/pools/filed/members', { members: [] }, etag),
      await api.remove('/pools/filed/members/f1', '*'),
    ])
      assert.deepEqual([refused.status, refused.body.code], [409, 'OBJECT_FROM_FILE'], refused.text);
  });

  it('of files may be changed where the file says so, and come back when the API lets go', async () => {
    const daemon = await daemons.start('writable', FILES);
    daemon.write(`${FILES}\napi: { socket: ${daemon.socket}, writable_files: true }`);
    await daemon.lbctl('reload');
    const api = clientOf(daemon);
    const { etag } = await api.get('/pools/filed');
    const added = [
      { name: 'f1', address: '127.0.0.1', port: 9000 },
      { address: '127.0.0.2', port: 9000 },
    ];

    const changed = await api.put('/pools/filed/members', { members: added }, etag);
    assert.equal(changed.status, 200, changed.text);
    await daemon.until(async () => (await daemon.members()) === 2);
    assert.equal((await api.get('/pools/filed')).body.source.kind, 'api');
    assert.equal((await api.remove('/pools/filed', '*')).status, 200);
    await daemon.until(async () => (await daemon.members()) === 1);
    assert.equal((await api.get('/pools/filed')).body.source.kind, 'file');
  });

  it('are judged as files are: what is wrong names the object, and nothing of it is taken', async () => {
    const api = clientOf(await daemons.start('judged', FILES));
    const faults = async (path: string, body: unknown) => {
      const answer = await api.post(path, body);
      assert.deepEqual([answer.status, answer.body.code], [422, 'CONFIG_INVALID'], answer.text);
      assert.doesNotMatch(answer.body.hint, /lbctl validate/, 'no file is at fault');
      return answer.body.details.diagnostics.map(({ rule, path: at }) => [rule, at]);
    };

    assert.deepEqual(
      await faults('/pools', { name: 'bad', members: [{ address: '127.0.0.1', wieght: 3 }] }),
      [['unknown-key', 'pools.bad.members[0].wieght']],
    );
    assert.deepEqual(await faults('/listeners', { ...LISTENER, pool: 'nobody' }), [
      ['unknown-reference', 'listeners.web.pool'],
    ]);
    assert.deepEqual(await faults('/listeners', { ...LISTENER, pool: 'filed', port: 80 }), [
      ['port-clash', 'listeners.web.port'],
    ]);
    assert.equal((await api.get('/listeners?source=api')).body.items.length, 0);
    assert.equal((await api.get('/revisions')).body.items.length, 1);
  });

  it('are planned and not touched with dry_run', async () => {
    const api = clientOf(await daemons.start('dry', FILES));
    await api.post('/pools', POOL);
    const planned = await api.post('/listeners?dry_run=true', LISTENER);

    assert.deepEqual([planned.status, planned.body.plan.summary.add], [200, 2], planned.text);
    assert.equal((await api.get('/listeners/web')).status, 404);
    const wrong = await api.post('/listeners?dry_run=true', { ...LISTENER, port: 0.5 });
    assert.equal(wrong.status, 422);
  });

  it('have members that come and go one by one and all at once', async () => {
    const daemon = await daemons.start('members', FILES);
    const api = clientOf(daemon);
    await api.post('/pools', POOL);
    await api.post('/listeners', LISTENER);
    const made = await api.post('/pools/web/members', { address: '127.0.0.1', port: 9002, weight: 7 });
    assert.deepEqual([made.status, made.body.name], [201, '127.0.0.1:9002'], made.text);
    assert.equal((await api.post('/pools/web/members', { address: '127.0.0.1', port: 9002 })).status, 409);
    const lighter = await api.patch('/pools/web/members/127.0.0.1:9002', { weight: 2 });
    assert.equal((lighter.body as unknown as { weight: number }).weight, 2);
    assert.equal((await api.remove('/pools/web/members/w1')).status, 200);
    await daemon.until(async () => (await daemon.members()) === 2);

    const { etag } = await api.get('/pools/web/members');
    const many = Array.from({ length: 5000 }, (_, i) => ({
      address: `127.1.${i >> 8}.${i & 255}`,
      port: 80,
    }));
    assert.equal((await api.put('/pools/web/members', { members: many })).status, 428);
    const all = await api.put('/pools/web/members', { members: many }, etag);
    assert.equal(all.status, 200, all.text.slice(0, 300));
    await daemon.until(async () => (await daemon.members()) === 5001);
    const page = await api.get('/pools/web/members?limit=2&sort=-address&fields=name,address');
    assert.deepEqual(page.body.items, [
      { address: '127.1.9.99', name: '127.1.9.99:80' },
      { address: '127.1.9.98', name: '127.1.9.98:80' },
    ]);
    const next = await api.get(
      `/pools/web/members?limit=1&sort=-address&fields=address&after=${page.body.next}`,
    );
    assert.deepEqual(next.body.items, [{ address: '127.1.9.97' }]);
    const checks = await api.put('/pools/web/checks', { checks: [{ type: 'tcp' }] }, '*');
    assert.equal(checks.status, 200, checks.text);
  });

  it('are not taken away while others use them, unless these go too', async () => {
    const api = clientOf(await daemons.start('cascade', FILES));
    await api.post('/vips', { name: 'own', address: '192.0.2.20' });
    await api.post('/pools', POOL);
    await api.post('/listeners', { ...LISTENER, vip: 'own' });

    const held = await api.remove('/pools/web', '*');
    assert.deepEqual([held.status, held.body.code], [409, 'OBJECT_IN_USE']);
    const pool = await api.remove('/pools/web?cascade=true&dry_run=true', '*');
    assert.equal(pool.status, 200, pool.text);
    const gone = await api.remove('/listeners/web?cascade=true', '*');
    assert.deepEqual(
      gone.body.removed.map(({ kind, name }) => `${kind}/${name}`),
      ['listener/web', 'vip/own', 'pool/web'],
    );
    // Others use it, and it stands in a file.
    assert.equal((await api.remove('/vips/www?cascade=true', '*')).status, 409);
  });

  it('made by the thousand at once are few revisions and fewer rounds, and a wrong one spoils no other', async () => {
    const daemon = await daemons.start('burst', FILES);
    const api = clientOf(daemon);
    // Of all: the list of rounds names those that changed something, and pools that nobody uses change nothing.
    const rounds = async () => {
      const { round } = (await api.get('/status')).body as unknown as Status;
      return round?.number ?? 0;
    };
    const before = await rounds();
    const answers: number[] = [];
    let next = 0;
    // As many at once as a controller would have connections.
    const worker = async (): Promise<void> => {
      while (next < 1000) {
        const i = next++;
        const members = i % 250 === 100 ? 7 : [{ address: '127.0.0.1', port: 1000 + i }];
        answers.push((await api.post('/pools', { name: `p${i}`, members })).status);
      }
    };
    await Promise.all(Array.from({ length: 100 }, worker));
    const statuses = Map.groupBy(answers, (one) => one);

    assert.deepEqual([statuses.get(201)?.length, statuses.get(422)?.length], [996, 4]);
    const listed = await api.get('/pools?source=api&limit=10000&fields=name');
    assert.equal(listed.body.items.length, 996);
    const revisions = (await api.get('/revisions?last=1000')).body.items.length;
    assert.ok(revisions <= 200, `${revisions} revisions`);
    const made = (await rounds()) - before;
    assert.ok(made <= 100, `${made} rounds`);
  });

  it('are written all or none in one request, undone with it, and exported without secrets', async () => {
    const daemon = await daemons.start('bulk', FILES);
    const api = clientOf(daemon);
    const script = {
      type: 'script',
      command: ['/bin/true'],
      environment: { DB_PASSWORD: 'hunter2-hunter2', ODD: 'hunter2-odd' },
    };
    const http = { type: 'http', headers: { Host: 'shown', 'X-Api-Key': 'hunter2-key' } };
    const members = POOL.members.map((member) => ({ ...member, health: [http] }));
    const objects = [
      { kind: 'pool', spec: { ...POOL, members, health: [script, http] } },
      { kind: 'listener', spec: LISTENER },
    ];
    const half = await api.post('/objects', {
      objects: [...objects, { kind: 'pool', spec: { name: 'x', y: 1 } }],
    });
    assert.equal(half.status, 422);
    assert.equal((await api.get('/pools/web')).status, 404);

    const done = await api.post('/objects?reason=shop', { objects });
    assert.deepEqual([done.status, done.body.revision], [200, 2], done.text);
    const paths = [
      '/objects',
      '/pools/web',
      '/pools/web/checks',
      '/pools',
      '/revisions/2',
      '/events',
      '/audit',
    ];
    for (const path of paths) assert.doesNotMatch((await api.get(path)).text, /hunter2/, path);
    // What was shown as hidden and comes back is as it was.
    const shown = await api.get('/pools/web');
    const same = await api.put('/pools/web', shown.body.spec, shown.etag);
    assert.equal(same.etag.split('.')[0], shown.etag.split('.')[0], same.text);
    await api.post('/objects', { objects: [{ kind: 'pool', spec: shown.body.spec }] });
    await api.put('/pools/web/members', { members: shown.body.spec.members }, same.etag);
    await api.put('/pools/web/checks', { checks: shown.body.spec.health }, same.etag);
    assert.equal((await api.get('/pools/web')).etag.split('.')[0], shown.etag.split('.')[0]);
    // Elsewhere nobody knows what it was.
    const copy = await api.post('/pools', { ...shown.body.spec, name: 'copy' });
    assert.deepEqual([copy.status, copy.body.code], [400, 'USAGE'], copy.text);
    assert.match(String(copy.body.detail), /"members\[0\]\.health\[0\]\.headers\.X-Api-Key"|"health/);
    const back = await daemon.lbctl('rollback', '1', '--yes', '--force');
    assert.equal(back.code, 0, back.err);
    assert.equal((await api.get('/pools/web')).status, 404);
    await daemon.lbctl('rollback', '2', '--yes');
    assert.equal((await api.get('/listeners/web')).body.source.kind, 'api');
  });

  it('are refused with a code while the disk takes nothing: reads and traffic go on, files still count', async () => {
    const daemon = await daemons.start('full', FILES);
    const api = clientOf(daemon);
    assert.equal((await api.post('/pools', POOL)).status, 201);
    const limit = (size: string) => execFileSync('prlimit', ['--pid', String(daemon.pid), `--fsize=${size}`]);
    // No file may grow past its first page: as full as a disk can be.
    limit('4096:unlimited');

    const refused = await api.post('/listeners', LISTENER);
    assert.deepEqual([refused.status, refused.body.code], [507, 'STATE_UNWRITABLE'], refused.text);
    assert.equal((await api.get('/listeners/web')).status, 404);
    assert.equal((await api.get('/pools/web')).status, 200);
    assert.equal((await api.post('/snapshots', { name: 'x' })).body.code, 'STATE_UNWRITABLE');
    daemon.write(FILES.replace('port: 9000', 'port: 9009'));
    const reload = await daemon.lbctl('reload');
    assert.match(
      reload.out,
      /^configuration [0-9a-f]{12} is in force\n1 member that left drains until .*\n$/,
      reload.err,
    );

    limit('unlimited:unlimited');
    const done = await api.post('/listeners', LISTENER);
    assert.equal(done.status, 201, done.text);
    assert.match((await daemon.lbctl('status')).out, /revision \d+$/m);
  });

  it('are certificates too: PEM text is taken, its key is never given back', async () => {
    const daemon = await daemons.start('pem', FILES);
    const api = clientOf(daemon);
    const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    const key = '-----BEGIN PRIVATE KEY-----\nMIIEhunter2\n-----END PRIVATE KEY-----\n';
    const half = await api.post('/certificates', { name: 'shop', certificate_pem: certificate });
    assert.equal(half.body.details.diagnostics[0]?.rule, 'certificate-files', half.text);
    const made = await api.post('/certificates', {
      name: 'shop',
      certificate_pem: certificate,
      key_pem: key,
    });
    assert.equal(made.status, 201, made.text);

    for (const path of [
      '/certificates/shop',
      '/certificates',
      '/objects',
      '/revisions/2',
      '/world',
      '/events',
    ])
      assert.doesNotMatch((await api.get(path)).text, /hunter2/, path);
    const shown = await api.get('/certificates/shop');
    const same = await api.put('/certificates/shop', shown.body.spec, shown.etag);
    assert.equal(same.etag.split('.')[0], shown.etag.split('.')[0], same.text);
  });
});
