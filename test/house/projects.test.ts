// Two projects on one daemon over TCP: each sees and changes its own objects alone, within its quota, whatever it tries.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Got,
  type Operation,
  operationsOf,
  type Sent,
  sendTo,
  type Way,
} from '../fixtures/api-requests.ts';
import type { Json } from '../fixtures/schema-values.ts';
import { openTlsApi } from '../fixtures/tls-api.ts';
import { type Running, start } from './daemon-process.ts';
import { openShop } from './run-lbctl.ts';

const shop = openShop();
let daemon: Running;
let local: Record<string, string> = {};
const ways: Record<string, Extract<Way, { token: string }>> = {};

async function lbctl(...args: string[]): Promise<string> {
  const ran = await shop.run(args, { env: local });
  assert.equal(ran.code, 0, `lbctl ${args.join(' ')}: ${ran.err}`);
  return ran.out;
}

function ask(project: string, method: string, path: string, body?: unknown, match?: string): Promise<Got> {
  const sent: Sent = {
    method,
    path,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(match === undefined ? {} : { 'if-match': match }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  return sendTo(ways[project]!, sent);
}

function codeOf({ text }: Got): string {
  return (JSON.parse(text) as { code: string }).code;
}

before(async () => {
  const api = await openTlsApi(shop);
  local = { LBCTL_SOCKET: join(shop.folder, 'api.sock') };
  shop.write(
    'config.yaml',
    `
node: { name: lb-a, role: single }
network: { frontend: { interface: lo } }
system: { state_dir: ${join(shop.folder, 'state')}, run_dir: ${join(shop.folder, 'run')} }
logging: { format: json }
api: ${api.block}
metrics: { prometheus: { enabled: false } }
vips:
  - { name: va, address: 192.0.2.1, project: red }
  - { name: vb, address: 192.0.2.2, project: blue }
pools: [{ name: plain-pool, members: [{ address: 10.9.9.9, port: 80 }] }]
listeners: [{ name: plain, vip: 192.0.2.3, port: 80, pool: plain-pool }]
`,
  );
  daemon = start(join(shop.folder, 'config.yaml'));
  await daemon.next('ready');
  for (const project of ['red', 'blue']) {
    const token = (await lbctl('token', 'create', project, '--role', 'admin', '--project', project)).trim();
    ways[project] = api.bearing(token);
  }
  await lbctl(
    'create',
    'pool',
    'blue-pool',
    '--project',
    'blue',
    'members=[{name: b1, address: 10.0.0.9, port: 80}]',
  );
  await lbctl('create', 'listener', 'blue-web', '--project', 'blue', 'vip=vb', 'port=80', 'pool=blue-pool');
});

after(async () => {
  for (const { agent } of Object.values(ways)) agent.destroy();
  daemon.child.kill('SIGTERM');
  await daemon.ended;
});

interface Audited {
  readonly action: string;
  readonly change?: Record<'before' | 'after', { members: { weight?: number }[] }[]>;
}

describe('projects', () => {
  it('lets a project make, see, change and take away its own', async () => {
    const made = await ask('red', 'POST', '/v1/pools', {
      name: 'red-pool',
      members: [{ name: 'r1', address: '10.0.1.1', port: 80 }],
    });
    const listener = { name: 'red-web', vip: 'va', port: 80, pool: 'red-pool' };
    const served = await ask('red', 'POST', '/v1/listeners', listener);
    const changed = await ask('red', 'PATCH', '/v1/pools/red-pool/members/r1', { weight: 7 });
    const drained = await ask('red', 'PUT', '/v1/pools/red-pool/members/r1/override', { state: 'drain' });
    const pool = await ask('red', 'GET', '/v1/pools/red-pool');
    const gone = await ask('red', 'DELETE', '/v1/listeners/red-web?cascade=true', undefined, '*');

    assert.deepEqual(
      [made, served, changed, drained, pool, gone].map(({ status }) => status),
      [201, 201, 200, 200, 200, 200],
      [made, served, changed, drained, pool, gone].map(({ text }) => text).join('\n'),
    );
    assert.equal((JSON.parse(pool.text) as { spec: { project: string } }).spec.project, 'red');
    assert.match(gone.text, /red-pool/);
    const audit = JSON.parse(await lbctl('audit', 'list', '-o', 'json')) as Audited[];
    const patched = audit.find(({ action }) => action === 'changeMember')?.change;
    const weights = [patched?.before, patched?.after].map((specs) => specs?.[0]?.members[0]?.weight);
    assert.deepEqual(weights, [undefined, 7]);
  });

  it('shows a project nothing of others, in any list', async () => {
    for (const path of ['vips', 'pools', 'listeners', 'certificates', 'members', 'objects', 'quotas']) {
      const { status, text } = await ask('red', 'GET', `/v1/${path}`);
      assert.equal(status, 200, text);
      assert.doesNotMatch(text, /blue|vb|plain|10\.0\.0\.9|192\.0\.2\.[23]/, path);
    }
    assert.match((await ask('red', 'GET', '/v1/vips')).text, /"va"/);
    assert.match(await lbctl('get', 'listeners', '--project', 'blue'), /blue-web/);
    assert.doesNotMatch(await lbctl('get', 'pool', '--project', 'blue'), /plain/);
  });

  it('opens no operation of the API to the objects of another project', async () => {
    const operations = operationsOf(JSON.parse((await ask('red', 'GET', '/v1/openapi.json')).text) as Json);
    assert.ok(operations.length > 50);
    const before = await lbctl('get', 'pool', '-o', 'json');
    let tried = 0;
    for (const operation of operations)
      for (const body of bodiesFor(operation)) {
        const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, word: string) => THEIRS[word] ?? '1');
        const answer = await ask('red', operation.method, path, body, '*');
        const what = `${operation.method} ${path} ${JSON.stringify(body)} -> ${answer.status} ${answer.text}`;
        tried++;
        // The names that were asked for come back in the words of the refusal; what stands there must not.
        assert.doesNotMatch(answer.text, /10\.0\.0\.9|192\.0\.2\.2|10\.9\.9\.9/, what);
        if (!operation.projects) assert.equal(answer.status, 403, what);
        else if (path.includes('blue') || path.includes('/vb'))
          assert.ok([404, 412, 403].includes(answer.status), what);
        else if (operation.method !== 'GET') assert.ok(answer.status >= 400 && answer.status < 500, what);
      }
    assert.ok(tried > operations.length);
    assert.equal(await lbctl('get', 'pool', '-o', 'json'), before);
  });

  it('refuses what would take or use what is of another project', async () => {
    const listener = { name: 'red-thief', port: 81, members: [{ address: '10.0.1.1', port: 80 }] };
    const tries: [string, string, unknown, number, string][] = [
      ['POST', '/v1/listeners', { ...listener, vip: 'vb' }, 404, 'NOT_FOUND'],
      ['POST', '/v1/listeners', { ...listener, vip: '192.0.2.2' }, 404, 'NOT_FOUND'],
      ['POST', '/v1/listeners', { ...listener, vip: '192.0.2.3' }, 404, 'NOT_FOUND'],
      ['POST', '/v1/listeners', { name: 'red-x', vip: 'va', port: 81, pool: 'blue-pool' }, 404, 'NOT_FOUND'],
      ['POST', '/v1/listeners', { ...listener, vip: 'va', project: 'blue' }, 403, 'DENIED'],
      ['POST', '/v1/pools', { name: 'blue-pool', members: [] }, 409, 'OBJECT_EXISTS'],
      ['PUT', '/v1/pools/plain-pool', { members: [] }, 409, 'OBJECT_EXISTS'],
      ['POST', '/v1/objects', { delete: [{ kind: 'pool', name: 'blue-pool' }] }, 404, 'NOT_FOUND'],
      [
        'POST',
        '/v1/objects',
        { objects: [{ kind: 'pool', spec: { name: 'blue-pool' } }] },
        409,
        'OBJECT_EXISTS',
      ],
      ['POST', '/v1/pools?force=true', { name: 'red-p' }, 403, 'DENIED'],
      ['POST', '/v1/pools?confirm_within=60s', { name: 'red-p' }, 403, 'DENIED'],
      ['POST', '/v1/pools', { name: 'red-p', quorum: { on_up: '/bin/true' } }, 403, 'DENIED'],
      ['POST', '/v1/pools', { name: 'red-p', health: { type: 'file', path: '/etc/shadow' } }, 403, 'DENIED'],
      ['POST', '/v1/pools', { name: 'red-p', tls: { ca: '/etc/shadow' } }, 403, 'DENIED'],
      ['POST', '/v1/certificates', { name: 'red-c', certificate: '/etc/ssl/x.pem' }, 403, 'DENIED'],
      ['POST', '/v1/vips', { name: 'red-v', address: '192.0.2.9', interface: 'eth9' }, 403, 'DENIED'],
    ];
    for (const [method, path, body, status, code] of tries) {
      const answer = await ask('red', method, path, body);
      assert.deepEqual(
        [answer.status, codeOf(answer)],
        [status, code],
        `${path} ${JSON.stringify(body)} ${answer.text}`,
      );
    }
  });

  it('names nobody of another project who uses an object of this one', async () => {
    const pool = { name: 'red-lent', members: [{ address: '10.0.4.1', port: 80 }] };
    assert.equal((await ask('red', 'POST', '/v1/pools', pool)).status, 201);
    await lbctl('create', 'listener', 'stray', 'vip=192.0.2.3', 'port=99', 'pool=red-lent');

    for (const path of ['/v1/pools/red-lent', '/v1/pools/red-lent?cascade=true']) {
      const { status, text } = await ask('red', 'DELETE', path, undefined, '*');
      assert.equal(status, 409, text);
      assert.match(text, /Cannot delete pool \\"red-lent\\" as an object outside its project uses it/);
      assert.doesNotMatch(text, /stray/);
    }
    await lbctl('delete', 'listener', 'stray');
    assert.equal((await ask('red', 'DELETE', '/v1/pools/red-lent', undefined, '*')).status, 200);
  });

  it('tells a project what a write of its own would do, and nothing of what the others have', async () => {
    const dry = (method: string, path: string, body?: unknown) =>
      ask('red', method, `${path}?dry_run=true`, body, method === 'POST' ? undefined : '*');
    const planOf = ({ status, text }: Got) => {
      assert.equal(status, 200, text);
      // The words of the others, and what no project has.
      assert.doesNotMatch(text, /blue|"vb"|plain|10\.0\.0\.9|192\.0\.2\.[23]|10\.9\.9\.9/);
      return (JSON.parse(text) as { plan: { steps: { verb: string; key: string }[] } }).plan.steps.map(
        ({ verb, key }) => `${verb} ${key}`,
      );
    };
    const listener = { name: 'dry-web', vip: 'va', port: 85, members: [{ address: '10.0.3.1', port: 80 }] };
    const added = planOf(await dry('POST', '/v1/listeners', listener));
    const before = await ask('red', 'GET', '/v1/listeners');
    await ask('red', 'POST', '/v1/listeners', listener);
    // The plan is made against what was applied.
    const isApplied = async () =>
      (await ask('red', 'GET', '/v1/pools/dry-web/members')).text.includes('"observedWeight":1');
    for (let i = 0; i < 300 && !(await isApplied()); i++) await sleep(50);
    const changed = planOf(
      await dry('PUT', '/v1/listeners/dry-web', {
        ...listener,
        members: [{ address: '10.0.3.2', port: 80 }],
      }),
    );
    const removed = planOf(await dry('DELETE', '/v1/listeners/dry-web'));
    await ask('red', 'DELETE', '/v1/listeners/dry-web', undefined, '*');

    assert.deepEqual(added.sort(), [
      'add tcp/192.0.2.1:85',
      'add tcp/192.0.2.1:85 > 10.0.3.1:80',
      ...added.filter((step) => step.includes(' dev ')),
    ]);
    assert.doesNotMatch(before.text, /dry-web/);
    assert.ok(changed.includes('add tcp/192.0.2.1:85 > 10.0.3.2:80'), changed.join('\n'));
    assert.ok(
      changed.some((step) => step.endsWith('192.0.2.1:85 > 10.0.3.1:80')),
      changed.join('\n'),
    );
    assert.ok(
      removed.some((step) => step.endsWith('tcp/192.0.2.1:85')),
      removed.join('\n'),
    );
  });

  it('names nothing of the others where a write does not go together with theirs', async () => {
    const tries: readonly (readonly [string, string, object, told: RegExp])[] = [
      ['POST', '/v1/vips', { name: 'red-v', address: '192.0.2.2' }, /does not go together.*\(duplicate-/],
      ['POST', '/v1/vips?dry_run=true', { name: 'red-v', address: '192.0.2.2' }, /does not go together/],
      // Of its own it is told every word.
      ['POST', '/v1/pools', { name: 'red-p', members: [{ address: '10.0.3.1', prt: 1 }] }, /prt/],
    ];
    for (const [method, path, body, told] of tries) {
      const answer = await ask('red', method, path, body);
      assert.deepEqual([answer.status, codeOf(answer)], [422, 'CONFIG_INVALID'], answer.text);
      assert.match(answer.text, told);
      assert.doesNotMatch(answer.text, /blue|"vb"|\\"vb\\"|plain|10\.0\.0\.9|192\.0\.2\.3/, path);
    }
  });

  it('holds a project to its quota, and tells what is used of it', async () => {
    await lbctl('set', 'quota', 'red', 'pools=2', 'members=3', 'certificates=0');
    const pool = (name: string, count: number) =>
      ask('red', 'POST', '/v1/pools', {
        name,
        members: Array.from({ length: count }, (_, i) => ({ address: `10.0.2.${i + 1}`, port: 80 })),
      });
    const first = await pool('red-1', 2);
    const tooMany = await pool('red-2', 2);
    const second = await pool('red-2', 1);
    const third = await pool('red-3', 0);
    const member = await ask('red', 'POST', '/v1/pools/red-1/members', { address: '10.0.2.9', port: 80 });
    const own = await ask('red', 'GET', '/v1/quotas/red');
    const raised = await ask('red', 'PUT', '/v1/quotas/red', {});
    const table = await lbctl('get', 'quotas');
    await lbctl('set', 'quota', 'red', 'pools=1');
    const stays = await ask('red', 'PATCH', '/v1/pools/red-1/members/10.0.2.1:80', { weight: 3 });
    const shrinks = await ask('red', 'DELETE', '/v1/pools/red-2', undefined, '*');
    await lbctl('delete', 'quota', 'red');
    const free = await pool('red-4', 5);

    assert.deepEqual(
      [first, second, stays, shrinks, free].map(({ status }) => status),
      [201, 201, 200, 200, 201],
    );
    for (const answer of [tooMany, third, member])
      assert.deepEqual([answer.status, codeOf(answer)], [409, 'QUOTA_EXCEEDED'], answer.text);
    assert.deepEqual((JSON.parse(tooMany.text) as { details: unknown }).details, {
      ...{ project: 'red', quota: 'members', used: 2, limit: 3, wanted: 4 },
    });
    assert.deepEqual((JSON.parse(own.text) as { used: unknown }).used, {
      ...{ listeners: 0, pools: 2, members: 3, vips: 1, certificates: 0 },
    });
    assert.equal(raised.status, 403);
    assert.match(table, /PROJECT +LISTENERS +POOLS +MEMBERS +VIPS +CERTIFICATES/);
    assert.match(table, /red +0 +2\/2 +3\/3 +1 +0\/0/);
  });
});

/** Of the other project, by the word of the path. */
const THEIRS: Readonly<Record<string, string>> = {
  pool: 'blue-pool',
  member: 'b1',
  listener: 'blue-web',
  vip: 'vb',
  certificate: 'blue-cert',
  project: 'blue',
};

/** What would do harm, were it taken. */
function bodiesFor({ method, path, body }: Operation): readonly unknown[] {
  if (method === 'GET' || body === undefined) return [undefined];
  if (path === '/v1/objects')
    return [
      { delete: [{ kind: 'listener', name: 'blue-web' }] },
      { objects: [{ kind: 'pool', spec: { name: 'blue-pool', members: [] } }] },
    ];
  if (path.endsWith('/override')) return [{ state: 'down' }];
  if (path.endsWith('/members') && method === 'PUT') return [{ members: [] }];
  if (path.endsWith('/checks')) return [{ checks: [] }];
  return [{}, { name: 'blue-pool', members: [] }, { name: 'red-y', project: 'blue', members: [] }];
}
