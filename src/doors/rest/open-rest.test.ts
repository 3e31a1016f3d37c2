// The REST door on real unix sockets, over a real engine on the memory driver.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  buildGroup,
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../../test/fixtures/build-intent.ts';
import { EngineControl } from '../../../test/fixtures/engine-control.ts';
import { ask, type Door, openAccess, openDoor } from '../../../test/fixtures/rest-door.ts';
import type { Intent } from '../../model/intent.ts';
import { openRest } from './open-rest.ts';
import { ROUTES } from './routes.ts';
import { operationShape } from './schemas.ts';

const WEB = buildPool('web', [
  buildMember('10.0.0.1', { name: 'w1', port: 80, weight: 3 }),
  buildMember('10.0.0.2', { name: 'w2', port: 80 }),
]);
const INTENT = buildIntent({
  vips: [buildVip('www', '192.0.2.10')],
  listeners: [buildListener('web', 'www', 80)],
  pools: [WEB],
});

const PAIR = buildIntent({
  vips: [buildVip('www', '192.0.2.10')],
  listeners: [buildListener('web', 'www', 80)],
  pools: [WEB],
  groups: [buildGroup('pair', ['www'], { chooser: 'external' })],
});

async function withDoor(run: (door: Door) => Promise<void>, intent: Intent = INTENT): Promise<void> {
  const door = await openDoor(intent);
  try {
    await run(door);
  } finally {
    await door.close();
  }
}

test('openRest() answers status over its socket, with the id of the request', () =>
  withDoor(async ({ socket }) => {
    const answer = await ask(socket, 'GET', '/v1/status', { headers: { 'x-request-id': 'abc-1' } });

    assert.equal(answer.status, 200);
    assert.equal(answer.headers['x-request-id'], 'abc-1');
    const { node, condition, listeners } = answer.json as {
      node: string;
      condition: string;
      listeners: { members: { observedWeight: number }[] }[];
    };
    assert.deepEqual([node, condition], ['lb-a', 'ok']);
    assert.deepEqual(
      listeners[0]?.members.map((one) => one.observedWeight),
      [3, 1],
    );
  }));

test('every answer is exactly of the shape the route names, and every write is audited with what was after it', () =>
  withDoor(async ({ socket, audits }) => {
    let checked = 0;
    let operation = '';
    for (const route of ROUTES) {
      // Objects are made and changed in test/house/objects.test.ts: this door is over a configuration that stays as it is.
      if (route.reply === undefined || (route.tag === 'objects' && route.method !== 'GET')) continue;
      // One that waits is needed: see below.
      if (route.id === 'getCertificate' || route.id === 'cancelOperation') continue;
      if (route.id === 'getOperation')
        operation = String((await ask(socket, 'POST', '/v1/reload?async=true')).headers.location)
          .split('/')
          .at(-1)!;
      const path = route.path
        .replace('{listener}', 'web')
        .replace('{pool}', 'web')
        .replace('{member}', 'w2')
        .replace('{vip}', 'www')
        .replace('{group}', 'pair')
        .replace('{revision}', '1')
        .replace('{snapshot}', 'good')
        .replace('{operation}', operation)
        .replace('{project}', 'shop');
      if (route.id === 'getQuota') await ask(socket, 'PUT', path.replace('{project}', 'shop'), { body: {} });
      const bodies: Record<string, unknown> = {
        setOverride: { state: 'drain', for: '1h', why: 'new kernel' },
        setLogLevel: { level: 'debug' },
        createToken: { name: 'ci', role: 'viewer' },
        makePlan: { revision: 1 },
        setQuota: { listeners: 3 },
        createSnapshot: { name: 'good' },
        failover: {},
        setMaintenance: { on: true, timeout: '1s' },
        grantLease: { role: 'active', epoch: 4, lease: '3s' },
      };
      const answer = await ask(socket, route.method, path, { body: bodies[route.id] });

      assert.equal(answer.status, 200, `${route.method} ${path}: ${answer.text}`);
      const parsed = route.reply.safeParse(answer.json);
      assert.ok(parsed.success, `${route.id}: ${parsed.error?.message}`);
      checked++;
    }
    assert.ok(checked >= 26, `${checked} routes`);
    // A plan changes nothing, and what was begun (202) has not changed anything yet.
    for (const { action, change } of audits.filter((one) => one.action !== 'makePlan' && one.status !== 202))
      assert.ok(
        change !== undefined && 'after' in (change as object),
        `${action}: ${JSON.stringify(change)}`,
      );
  }, PAIR));

test('what is answered before it is done is audited twice: as taken on, and with what came of it', () =>
  withDoor(async ({ socket, audits }) => {
    const { status, headers } = await ask(socket, 'POST', '/v1/reload?async=true');
    assert.equal(status, 202);
    await endOf(socket, String(headers.location));

    const rows = audits.filter(({ action }) => action === 'reload');
    assert.deepEqual(
      rows.map(({ status, change }) => [status, 'after' in ((change ?? {}) as object)]),
      [
        [202, false],
        [200, true],
      ],
    );
  }));

test('an operation that waits can be called off and does nothing then; one that has begun or ended cannot', () =>
  withDoor(async ({ socket, control, audits }) => {
    let read = (): void => undefined;
    control.reading = new Promise((resolve) => {
      read = resolve;
    });
    const first = String((await ask(socket, 'POST', '/v1/reload?async=true')).headers.location);
    const second = String((await ask(socket, 'POST', '/v1/reload?async=true')).headers.location);
    control.next = PAIR;
    const cancelled = await ask(socket, 'DELETE', second);
    assert.deepEqual(
      [cancelled.status, (cancelled.json as { state: string }).state],
      [200, 'cancelled'],
      cancelled.text,
    );
    assert.ok(operationShape.safeParse(cancelled.json).success);
    read();
    assert.equal(await endOf(socket, first), 'done');
    assert.equal(control.config.running().revision, 2);
    for (let i = 0; i < 200 && audits.length < 5; i++) await sleep(5);
    assert.deepEqual(
      audits.map(({ action, status }) => [action, status]),
      [
        ['reload', 202],
        ['reload', 202],
        ['cancelOperation', 200],
        ['reload', 200],
        ['reload', 409],
      ],
    );
    assert.equal(await endOf(socket, second), 'cancelled');
    const late = await ask(socket, 'DELETE', first);
    assert.deepEqual([late.status, (late.json as { code: string }).code], [409, 'CONFLICT'], late.text);
    assert.equal((await ask(socket, 'DELETE', '/v1/operations/1')).status, 404);
  }));

async function endOf(socket: string, path: string): Promise<string> {
  for (;;) {
    const { state } = (await ask(socket, 'GET', path)).json as { state: string };
    if (state !== 'running') return state;
    await sleep(5);
  }
}

test('a configured object carries an ETag that changes with it', () =>
  withDoor(async ({ socket, control }) => {
    const first = await ask(socket, 'GET', '/v1/pools/web');
    const etag = String(first.headers.etag);
    const same = await ask(socket, 'GET', '/v1/pools/web', {
      headers: { 'if-none-match': `"x", W/${etag}` },
    });
    await ask(socket, 'PUT', '/v1/pools/web/members/w1/override', { body: { state: 'down' } });
    await control.look();
    const changed = await ask(socket, 'GET', '/v1/pools/web', { headers: { 'if-none-match': etag } });

    assert.match(etag, /^"[\w-]*\.[\w-]{22}"$/);
    assert.deepEqual([same.status, same.text], [304, '']);
    assert.equal(changed.status, 200);
    assert.notEqual(changed.headers.etag, etag);
  }));

test('lists are filtered by name and go on after the page before', async () => {
  const names = ['a1', 'a2', 'a3', 'b1'];
  const pools = names.map((name) => buildPool(name, []));
  const door = await openDoor(buildIntent({ pools }));
  try {
    const first = await ask(door.socket, 'GET', '/v1/pools?limit=2&name=a');
    const { items, next, total } = first.json as { items: { name: string }[]; next: string; total: number };
    const second = await ask(door.socket, 'GET', `/v1/pools?limit=2&name=a&after=${next}`);
    const rest = second.json as { items: { name: string }[]; next?: string };

    assert.deepEqual([items.map((one) => one.name), total], [['a1', 'a2'], 3]);
    assert.deepEqual([rest.items.map((one) => one.name), rest.next], [['a3'], undefined]);
  } finally {
    await door.close();
  }
});

test('lists refuse keys and states that nothing has, and name those there are', () =>
  withDoor(async ({ socket }) => {
    const wrong = {
      '/v1/pools?fields=name,nope': 'name, source, spec, config, members',
      '/v1/members?fields=status': 'key, pool, name, address',
      '/v1/listeners?condition=fialed': '"degraded"',
      '/v1/listeners?protocol=htpp': '"http"',
    };
    for (const [path, names] of Object.entries(wrong)) {
      const { status, json } = await ask(socket, 'GET', path);
      const { code, detail } = json as { code: string; detail: string };
      assert.deepEqual([status, code, detail.includes(names)], [400, 'USAGE', true], `${path}: ${detail}`);
    }
    const { json } = await ask(socket, 'GET', '/v1/pools?fields=source,name');
    assert.deepEqual(Object.keys((json as { items: object[] }).items[0] ?? {}), ['name', 'source']);
  }));

test('an override reaches the data plane, ends when reset, and is audited with who and what', () =>
  withDoor(async ({ socket, control, audits }) => {
    const path = '/v1/pools/web/members/w1/override';
    const set = await ask(socket, 'PUT', path, { body: { state: 'drain', for: '2m', why: 'disk' } });
    await control.look();
    const drained = await ask(socket, 'GET', '/v1/members?name=w1');
    const reset = await ask(socket, 'DELETE', path);
    await control.look();
    const back = await ask(socket, 'GET', '/v1/members?name=w1');
    const unknown = await ask(socket, 'PUT', '/v1/pools/web/members/nobody/override', {
      body: { state: 'up' },
    });

    const { override } = set.json as { override: { untilMs: number; by: string } };
    assert.ok(Math.abs(override.untilMs - Date.now() - 120_000) < 10_000);
    assert.match(override.by, /^unix/);
    const weightOf = (answer: typeof back) =>
      (answer.json as { items: { listeners: { observedWeight: number; reason: string }[] }[] }).items[0]
        ?.listeners[0];
    assert.deepEqual(weightOf(drained)?.observedWeight, 0);
    assert.deepEqual(weightOf(drained)?.reason, 'AdminDrain');
    assert.equal(weightOf(back)?.observedWeight, 3);
    assert.deepEqual([reset.status, reset.text], [204, '']);
    assert.deepEqual([unknown.status, (unknown.json as { code: string }).code], [404, 'NOT_FOUND']);
    assert.deepEqual(
      audits.map(({ action, target, status }) => [action, target, status]),
      [
        ['setOverride', 'web/w1', 200],
        ['resetOverride', 'web/w1', 204],
        ['setOverride', 'web/nobody', 404],
      ],
    );
    const [first, second] = audits.map((one) => one.change as Record<string, unknown>);
    assert.deepEqual(first?.asked, { state: 'drain', for: '2m', why: 'disk' });
    assert.deepEqual([first?.after, second?.before], [override, override]);
  }));

test('reload tells what is wrong and keeps the old configuration', () =>
  withDoor(async ({ socket, control }) => {
    control.next = { error: 'Unknown key "listners"' };
    const refused = await ask(socket, 'POST', '/v1/reload');
    const status = await ask(socket, 'GET', '/v1/status');
    control.next = INTENT;
    const good = await ask(socket, 'POST', '/v1/reload');

    assert.equal(refused.status, 422);
    const { code, details } = refused.json as {
      code: string;
      details: { diagnostics: { message: string }[] };
    };
    assert.deepEqual([code, details.diagnostics[0]?.message], ['CONFIG_INVALID', 'Unknown key "listners"']);
    assert.equal((status.json as { configError: string }).configError, 'Unknown key "listners"');
    assert.equal((status.json as { listeners: unknown[] }).listeners.length, 1);
    assert.equal(good.status, 200);
  }));

test('before the first round the daemon is alive and not ready', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-rest-'));
  const control = new EngineControl(INTENT);
  const access = openAccess(folder);
  const rest = await openRest(control, { ...INTENT.api, socket: join(folder, 'api.sock') }, { access });
  try {
    const alive = await ask(rest.address, 'GET', '/healthz');
    const ready = await ask(rest.address, 'GET', '/readyz');
    const status = await ask(rest.address, 'GET', '/v1/status');

    assert.deepEqual([alive.status, ready.status, status.status], [200, 503, 503]);
    assert.equal((ready.json as { code: string }).code, 'NOT_READY');
  } finally {
    await rest.close();
    await control.close();
    access.audit.close();
    rmSync(folder, { recursive: true });
  }
});

test('a node that serves nothing is not ready, and one whose rounds hang is not alive', async () => {
  let monotonicMs = 0;
  const door = await openDoor(INTENT, { monotonicMs: () => monotonicMs });
  try {
    const good = await ask(door.socket, 'GET', '/readyz');
    const alive = await ask(door.socket, 'GET', '/healthz');
    await door.control.engine.close();
    monotonicMs += 600_000;
    const hung = await ask(door.socket, 'GET', '/healthz');

    assert.deepEqual([good.status, alive.status, hung.status], [200, 200, 503]);
    assert.match((hung.json as { detail: string }).detail, /No round has finished for 600 s/);
  } finally {
    await door.close();
  }
  const dead = await openDoor(INTENT);
  try {
    for (const member of ['w1', 'w2'])
      dead.control.setOverride(`web/${member}`, { state: 'down', by: 'test' });
    await dead.control.look();
    const ready = await ask(dead.socket, 'GET', '/readyz');

    assert.equal(ready.status, 503);
    assert.match((ready.json as { detail: string }).detail, /"down"/);
  } finally {
    await dead.close();
  }
});

test('a fault of ours answers 500 without its words, which go to the log', () =>
  withDoor(async ({ socket, control, faults }) => {
    control.failure = new Error('password is hunter2');
    const answer = await ask(socket, 'GET', '/v1/stats');

    assert.equal(answer.status, 500);
    assert.equal((answer.json as { code: string }).code, 'INTERNAL');
    assert.doesNotMatch(answer.text, /hunter2/);
    assert.equal(faults.length, 1);
  }));

test('openRest() sets mode of its socket, takes over from the dead and never from the living', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-rest-'));
  const socket = join(folder, 'run/api.sock');
  const settings = { ...INTENT.api, socket, socketMode: '0640' };
  const control = await EngineControl.begin(INTENT);
  const access = openAccess(folder);
  const before = process.umask();
  try {
    const first = await openRest(control, settings, { access });
    assert.equal(statSync(socket).mode & 0o777, 0o640);
    assert.equal(process.umask(), before);
    await assert.rejects(openRest(control, settings, { access }), { code: 'CONFLICT' });
    assert.equal((await ask(socket, 'GET', '/healthz')).status, 200);
    await first.close();
    assert.equal(existsSync(socket), false);

    // A socket that a killed daemon left behind.
    const corpse = createServer();
    await new Promise<void>((resolve) => corpse.listen(`${socket}.old`, resolve));
    linkSync(`${socket}.old`, socket);
    await new Promise((resolve) => corpse.close(resolve));
    const second = await openRest(control, settings, { access });
    assert.equal((await ask(socket, 'GET', '/healthz')).status, 200);
    await second.close();

    writeFileSync(socket, 'precious');
    chmodSync(socket, 0o600);
    await assert.rejects(openRest(control, settings, { access }), { code: 'CONFLICT' });
    assert.ok(existsSync(socket));
    assert.equal(control.watchers, 0);
  } finally {
    await control.close();
    access.audit.close();
    rmSync(folder, { recursive: true });
  }
});
