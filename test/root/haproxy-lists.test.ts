// Lists of allowed sources and of rules: changed in the running worker, under load, without a reload and without a lie on disk.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { backendName, listPath } from '../../src/drivers/haproxy/names.ts';
import { ask } from '../../src/drivers/haproxy/sockets.ts';
import type { HttpRule, RuleAction, RuleMatch } from '../../src/model/http.ts';
import { poolKey } from '../../src/model/keys.ts';
import type { World } from '../../src/model/world.ts';
import { applyPhases, assertConverged, type Planned, planOf } from '../conformance/converge.ts';
import { Load, withRig, worker } from './haproxy-load.ts';
import type { Rig } from './haproxy-rig.ts';
import { closeMembers, HTTP, poolOf, put, startMember, VIP, worldOf } from './haproxy-site.ts';

const KEY = `tcp/${VIP}:8080`;
const ports: number[] = [];

before(async () => {
  for (const name of ['own', 'blue', 'green']) ports.push(await startMember(name));
});

after(closeMembers);

function rule(type: RuleMatch['type'], value: string, action: RuleAction, more: Partial<RuleMatch> = {}) {
  const match: RuleMatch = { type, compare: 'equal', value, invert: false, ...more };
  return { name: value, matches: [match], action };
}

const to = (pool: string): RuleAction => ({ kind: 'pool', pool });
const reject = (code: number): RuleAction => ({ kind: 'reject', code });
const starts = { compare: 'starts' } as const;

/** Two rules keep both pools in use whatever the others say. */
const BOTH = [rule('host', 'blue.example', to('blue')), rule('host', 'green.example', to('green'))];

function site(rules: readonly HttpRule[], allowedSources: readonly string[] = []): World {
  return worldOf({
    listeners: [
      {
        name: 'own',
        port: 8080,
        members: [ports[0]!],
        listener: { allowedSources, http: { ...HTTP, rules } },
      },
    ],
    pools: [poolOf('blue', [ports[1]!]), poolOf('green', [ports[2]!])],
  });
}

interface Answer {
  readonly status: number;
  readonly member: string | undefined;
}

function get(host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: VIP, port: 8080, path, headers: { host, ...headers }, agent: false },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () =>
          resolve({ status: answer.statusCode!, member: /"member":"(\w+)"/.exec(text)?.[1] }),
        );
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

async function memberOf(host: string, path = '/'): Promise<string | undefined> {
  return (await get(host, path)).member;
}

/** Whether a connection from this address is let in. */
function letsIn(from: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: VIP, port: 8080, localAddress: from }, () =>
      socket.write('GET / HTTP/1.0\r\n\r\n'),
    );
    socket.on('data', () => resolve(true));
    socket.on('close', () => resolve(false));
    socket.on('error', () => resolve(false));
  });
}

function words({ steps }: Planned): readonly string[] {
  return steps.map(({ how, verb, item }) => `${how} ${verb} ${item.key.slice(KEY.length + 1)}`);
}

function fileOf(rig: Rig, list: string): readonly string[] {
  return readFileSync(listPath({ runDir: rig.runDir }, KEY, list), 'utf8')
    .split('\n')
    .slice(0, -1);
}

test('targets of host rules change in the running worker, under load', async () => {
  await withRig(async (rig, driver) => {
    const shop = (pool: string) => site([...BOTH, rule('host', 'Shop.example', to(pool))]);
    await put(driver, shop('blue'));
    const pid = await worker(rig);
    const load = new Load(4, 8080, { host: 'shop.example' });
    for (let i = 0; i < 20; i++) {
      const pool = i % 2 === 0 ? 'green' : 'blue';
      assert.deepEqual(words(await put(driver, shop(pool))), ['runtime change r0.host shop.example']);
      assert.equal(await memberOf('SHOP.example'), pool, 'the next request goes there');
      await load.serves(3);
    }
    await put(driver, site(BOTH));
    assert.equal(await memberOf('shop.example'), 'own');
    const added = await put(driver, shop('green'));
    await load.stop();

    assert.deepEqual(words(added), ['runtime add r0.host shop.example']);
    assert.deepEqual(load.failures.slice(0, 5), []);
    assert.ok(load.served > 50, `${load.served} were served`);
    assert.equal(await worker(rig), pid, 'no reload');
    assert.ok(fileOf(rig, 'r0.host').includes(`shop.example ${backendName(poolKey(KEY, 'green'))}`));
    await assertConverged(driver, shop('green'));
    // The same from the file, as after a reload of anything else.
    await rig.process.reload((await rig.process.generation())!);
    await assertConverged(driver, shop('green'));
    assert.deepEqual(
      [await memberOf('shop.example'), await memberOf('other.example'), await memberOf('blue.example')],
      ['green', 'own', 'blue'],
    );
  });
});

test('allowed sources change in the running worker, under load', async () => {
  await withRig(async (rig, driver) => {
    const base = ['127.0.0.1/32', '2001:db8::/32'];
    await put(driver, site([], base));
    const pid = await worker(rig);
    const load = new Load(4);
    assert.equal(await letsIn('127.0.0.9'), false);
    for (let i = 0; i < 10; i++) {
      assert.deepEqual(words(await put(driver, site([], [...base, '127.0.0.8/30']))), [
        'runtime add allowed 127.0.0.8/30',
      ]);
      assert.equal(await letsIn('127.0.0.9'), true);
      await load.serves(6);
      assert.deepEqual(words(await put(driver, site([], base))), ['runtime remove allowed 127.0.0.8/30']);
      assert.equal(await letsIn('127.0.0.9'), false);
    }
    await load.stop();

    assert.deepEqual(load.failures.slice(0, 5), []);
    assert.ok(load.served > 50, `${load.served} were served`);
    assert.equal(await worker(rig), pid, 'no reload');
    assert.deepEqual(fileOf(rig, 'allowed'), base);
    // The first and the last of them change what every connection goes through: that is the configuration.
    await put(driver, site([]));
    assert.notEqual(await worker(rig), pid);
    assert.equal(await letsIn('127.0.0.9'), true);
    await assertConverged(driver, site([]));
  });
});

test('rules in lists hold in their order: the first acts, whatever is longer', async () => {
  await withRig(async (_, driver) => {
    await put(
      driver,
      site([
        rule('path', '/admin', reject(403), starts),
        rule('path', '/cgi', reject(403), starts),
        rule('path', '/api/v2', to('green'), starts),
        rule('path', '/api', to('blue'), starts),
        rule('path', '/api/v3', to('green'), starts),
        rule('method', 'DELETE', reject(405)),
        rule('path', '/cgi/late', to('green')),
        rule('header', 'yes', reject(418), { key: 'X-Tea', compare: 'contains' }),
        ...BOTH,
      ]),
    );

    const seen = [
      ['/admin/x', 403, undefined],
      ['/cgi/late', 403, undefined],
      ['/api/v2/x', 200, 'green'],
      ['/api/v3', 200, 'blue'],
      ['/apis', 200, 'blue'],
      ['/', 200, 'own'],
    ] as const;
    for (const [path, status, member] of seen)
      assert.deepEqual(await get('x.example', path), { status, member }, path);
    assert.equal((await get('x.example', '/', { 'x-tea': 'no, yes' })).status, 418);
    assert.equal(await memberOf('green.example', '/api/v3'), 'blue', 'the path came first');
  });
});

test('another order of rules takes its lists along in its one reload', async () => {
  await withRig(async (rig, driver) => {
    await put(driver, site([...BOTH, rule('path', '/x', to('blue'))]));
    const turned = site([rule('path', '/x', to('green')), ...BOTH]);
    const { steps } = await put(driver, turned);

    assert.ok(steps.some(({ item, how }) => item.kind === 'listener' && how === 'reload'));
    await assertConverged(driver, turned);
    assert.deepEqual(
      [await memberOf('blue.example', '/x'), await memberOf('blue.example')],
      ['green', 'blue'],
    );
    assert.throws(() => fileOf(rig, 'r0.host'), { code: 'ENOENT' });
  });
});

test('what somebody does to a list by hand is seen and put right', async () => {
  await withRig(async (rig, driver) => {
    const world = site(BOTH, ['127.0.0.0/8']);
    await put(driver, world);
    const [hosts, allowed] = ['r0.host', 'allowed'].map((list) =>
      listPath({ runDir: rig.runDir }, KEY, list),
    );
    await ask(rig.process.admin, [
      `del map ${hosts} blue.example`,
      `set map ${hosts} green.example ${backendName(KEY)}`,
      `add acl ${allowed} 0.0.0.0/0`,
    ]);

    const planned = await put(driver, world);

    assert.deepEqual([...words(planned)].sort(), [
      'runtime add r0.host blue.example',
      'runtime change r0.host green.example',
      'runtime remove allowed 0.0.0.0/0',
    ]);
    assert.deepEqual(planned.steps.find(({ verb }) => verb === 'change')!.before, { to: 'own' });
    await assertConverged(driver, world);
    assert.equal(await memberOf('green.example'), 'green');
  });
});

test('an entry that the worker refuses is told at itself, and stands neither in the worker nor on disk', async () => {
  await withRig(async (rig, driver) => {
    await put(driver, site(BOTH));
    const more = site([
      ...BOTH,
      rule('host', 'a.example', to('blue')),
      rule('host', 'b.example', to('blue')),
    ]);
    rig.faults.add('a.example');

    const { steps } = await planOf(driver, more);
    const results = await applyPhases(driver, steps);

    assert.deepEqual(
      results.filter((one) => !one.ok).map((one) => [one.step.item.key, one.ok ? '' : one.error.code]),
      [[`${KEY} r0.host a.example`, 'DRIVER_FAILED']],
    );
    assert.deepEqual(
      [await memberOf('a.example'), await memberOf('b.example'), await memberOf('blue.example')],
      ['own', 'blue', 'blue'],
    );
    assert.deepEqual(
      fileOf(rig, 'r0.host').map((line) => line.split(' ')[0]),
      ['blue.example', 'green.example', 'b.example'],
    );
    assert.deepEqual(words(await put(driver, more)), ['runtime add r0.host a.example']);
  });
});

test('a reload that fails leaves the lists of the one that serves', async () => {
  await withRig(async (rig, driver) => {
    const world = site(BOTH, ['127.0.0.0/8']);
    await put(driver, world);
    const lists = ['r0.host', 'allowed'].map((list) => fileOf(rig, list));

    const refused = site([rule('host', 'blue.example', to('green')), ...BOTH], ['127.0.0.0/16']);
    const broken: World = {
      ...refused,
      listeners: refused.listeners.map((one) => ({
        ...one,
        layer7: { ...one.layer7!, raw: ['no such keyword'] },
      })),
    };
    const { steps } = await planOf(driver, broken);
    const results = await applyPhases(
      driver,
      steps.filter(({ item }) => item.kind === 'listener'),
    );

    assert.deepEqual(
      results.map((one) => (one.ok ? 'ok' : one.error.code)),
      ['HAPROXY_REFUSED'],
    );
    assert.deepEqual(
      ['r0.host', 'allowed'].map((list) => fileOf(rig, list)),
      lists,
    );
    await assertConverged(driver, world);
  });
});
