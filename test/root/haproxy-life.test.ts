// A HAProxy that lives: reloads and changes under load, deaths of worker, master and daemon, ports in use, drift by hand.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { backendName } from '../../src/drivers/haproxy/names.ts';
import { pause } from '../../src/drivers/haproxy/process.ts';
import { ask } from '../../src/drivers/haproxy/sockets.ts';
import { applyPhases, assertConverged, planOf } from '../conformance/converge.ts';
import { Load, livesUnderLoad, withRig, worker } from './haproxy-load.ts';
import type { Rig } from './haproxy-rig.ts';
import {
  closeMembers,
  HTTP,
  listen,
  poolOf,
  put,
  startMember,
  VIP,
  type Wanted,
  worldOf,
} from './haproxy-site.ts';

const ports: number[] = [];

before(async () => {
  for (const name of ['one', 'two', 'three']) ports.push(await startMember(name));
});

after(closeMembers);

function web(port = 8080, listener: Wanted['listener'] = {}, pool: Wanted['pool'] = {}): Wanted {
  return { name: `web${port}`, port, members: ports, listener, pool };
}

test('reloads and changes through the socket lose no request', async () => {
  await withRig((rig, driver) => livesUnderLoad(rig, driver, { reloads: 30, changes: 300 }));
});

test('members come and go through the socket, under load, without a reload', async () => {
  await withRig(async (rig, driver) => {
    const world = (count: number) => worldOf({ listeners: [{ ...web(), members: ports.slice(0, count) }] });
    await put(driver, world(2));
    const pid = await worker(rig);
    const load = new Load(4);
    for (let i = 0; i < 40; i++) {
      const { steps } = await put(driver, world(i % 2 === 0 ? 3 : 2));
      assert.deepEqual(
        steps.map(({ how, item }) => `${how} ${item.kind}`),
        ['runtime member'],
      );
      await load.serves(3);
    }
    await load.stop();

    assert.deepEqual(load.failures.slice(0, 5), []);
    assert.ok(load.served > 100, `${load.served} were served`);
    assert.equal(await worker(rig), pid);
    await assertConverged(driver, world(2));
    // The file says the same, so a reload of anything else brings exactly these.
    const text = readFileSync(`${rig.runDir}/haproxy.cfg`, 'utf8');
    assert.equal(text.match(/^ {2}server /gm)?.length, 2);
    await put(driver, worldOf({ listeners: [{ ...web(), members: ports.slice(0, 2) }, web(8081)] }));
    await assertConverged(
      driver,
      worldOf({ listeners: [{ ...web(), members: ports.slice(0, 2) }, web(8081)] }),
    );
  });
});

test('nothing of it is left once it is uninstalled, and it can be made again', async () => {
  await withRig(async (rig, driver) => {
    const wanted = worldOf({ listeners: [web()] });
    await put(driver, wanted);
    await put(driver, worldOf({ listeners: [] }));
    const pid = rig.process.pid();
    assert.ok(pid !== undefined);

    await driver.uninstall();

    assert.equal(existsSync(`/proc/${pid}/exe`), false);
    assert.equal(existsSync(rig.runDir), false);
    await put(rig.open(), wanted);
    assert.notEqual(rig.process.pid(), undefined);
  });
});

test('a request under way when its member is removed is answered, and one without end is cut after the grace', async () => {
  await withRig(async (rig, driver) => {
    const slow = await listen(
      createHttpServer((asked, response) => {
        response.write('a');
        if (asked.url !== '/endless') setTimeout(() => response.end('b'), 700);
      }),
    );
    const world = (members: number[]) => worldOf({ listeners: [{ ...web(), members }] });
    await put(driver, world([slow]));
    const [answered, endless] = await Promise.all(
      ['/', '/endless'].map((path) => fetch(`http://${VIP}:8080${path}`)),
    );

    await put(driver, world(ports));

    const server = `127.0.0.1:${slow}`;
    const fresh = await fetch(`http://${VIP}:8080/`, { headers: { connection: 'close' } });
    assert.notEqual(((await fresh.json()) as { member: string }).member, undefined);
    assert.equal(await answered!.text(), 'ab');
    const from = Date.now();
    await assert.rejects(endless!.text());
    // Two seconds are the grace; what ends an old worker would come after five.
    assert.ok(Date.now() - from < 4000, `cut after ${Date.now() - from} ms`);
    let state = server;
    for (let i = 0; i < 100 && state.includes(server); i++) {
      await pause(50);
      [state = ''] = await ask(rig.process.admin, [`show servers state ${backendName(`tcp/${VIP}:8080`)}`]);
    }
    assert.ok(!state.includes(server), 'nothing of it is left in the worker');
  });
});

test('a member that came with its listener and was removed does not come back with a reload', async () => {
  await withRig(async (rig, driver) => {
    const world = (count: number, more: Wanted[] = []) =>
      worldOf({ listeners: [{ ...web(), members: ports.slice(0, count) }, ...more] });
    await put(driver, world(3));
    await put(driver, world(1));
    await put(driver, world(1, [web(8081)]));

    await assertConverged(driver, world(1, [web(8081)]));
    const [servers = ''] = await ask(rig.process.admin, [
      `show servers state ${backendName(`tcp/${VIP}:8080`)}`,
    ]);
    assert.equal(servers.match(/ 127\.0\.0\.1 /g)?.length, 1);
  });
});

test('counters go on through reloads', async () => {
  await withRig(async (_, driver) => {
    const world = (round: number) =>
      worldOf({ listeners: [web(8080, { http: { ...HTTP, setHeaders: { R: `${round}` } } })] });
    await put(driver, world(0));
    for (let i = 0; i < 3; i++) {
      for (let n = 0; n < 5; n++)
        await (await fetch(`http://${VIP}:8080/`, { headers: { connection: 'close' } })).text();
      await driver.counters();
      await put(driver, world(i + 1));
    }

    const counters = await driver.counters();

    const total = counters.find(({ key }) => key === `tcp/${VIP}:8080`)!;
    const members = counters.filter(({ key }) => key.includes(' > '));
    assert.equal(total.connections, 15n);
    assert.equal(
      members.reduce((sum, one) => sum + one.connections, 0n),
      15n,
    );
    assert.ok(total.bytesOut > 1000n);
  });
});

test('a worker that is killed is back within a second, as is a killed master', async () => {
  await withRig(
    async (rig, driver) => {
      const world = worldOf({ listeners: [web()] });
      await put(driver, world);

      for (const victim of ['worker', 'master']) {
        process.kill(victim === 'worker' ? await worker(rig) : rig.process.pid()!, 'SIGKILL');
        const from = Date.now();
        let back = false;
        while (!back && Date.now() - from < 5000) {
          await pause(20);
          back = await fetch(`http://${VIP}:8080/`, { signal: AbortSignal.timeout(500) }).then(
            (one) => one.ok,
            () => false,
          );
        }
        assert.ok(back && Date.now() - from < 1500, `back after ${Date.now() - from} ms`);
        await untilOurs(rig);
        await assertConverged(driver, world);
      }
    },
    { supervise: true },
  );
});

/** A worker whose master was killed still answers for a moment; ours is there once both are. */
async function untilOurs(rig: Rig): Promise<void> {
  for (
    let i = 0;
    i < 200 && (rig.process.pid() === undefined || (await rig.process.generation()) === undefined);
    i++
  )
    await pause(20);
}

test('without a supervisor the next round brings everything back', async () => {
  await withRig(async (rig, driver) => {
    const world = worldOf({ listeners: [web(), web(8081)] });
    await put(driver, world);
    process.kill(rig.process.pid()!, 'SIGKILL');
    for (let i = 0; i < 100 && rig.process.pid() !== undefined; i++) await pause(20);
    for (
      let i = 0;
      i < 100 &&
      (await fetch(`http://${VIP}:8080/`).then(
        () => true,
        () => false,
      ));
      i++
    )
      await pause(20);

    assert.equal((await driver.observe()).items.size, 0);
    await put(driver, world);

    await assertConverged(driver, world);
    assert.equal((await fetch(`http://${VIP}:8081/`)).status, 200);
  });
});

test('HAProxy outlives a killed daemon, and the next one adopts it', async () => {
  await withRig(async (rig, driver) => {
    const world = worldOf({ listeners: [web()] });
    const script = `
      import { HaproxyDriver } from './src/drivers/haproxy/haproxy-driver.ts';
      import { optionsOf } from './test/root/haproxy-rig.ts';
      import { put, worldOf } from './test/root/haproxy-site.ts';
      const [, runDir, ports] = process.argv;
      const driver = new HaproxyDriver(optionsOf(runDir));
      await put(driver, worldOf({ listeners: [{ name: 'web8080', port: 8080, members: JSON.parse(ports), listener: {}, pool: {} }] }));
      console.log('serving');
      setInterval(() => {}, 1000);`;
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', script, rig.runDir, JSON.stringify(ports)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, SY_SITE_VIP: VIP },
        detached: true,
      },
    );
    await once(child.stdout, 'data');
    const pid = rig.process.pid();
    // With its whole group, as a terminal or a service manager may.
    process.kill(-child.pid!, 'SIGKILL');
    await once(child, 'exit');

    assert.equal((await fetch(`http://${VIP}:8080/`)).status, 200);
    await assertConverged(driver, world);
    assert.equal(rig.process.pid(), pid);
  });
});

/** This very process. */
const HOLDER = new RegExp(`\\(pid ${process.pid}\\)`);

test('a port in use stops its own listener with a code, at planning or at work', async () => {
  await withRig(async (_, driver) => {
    const other = createServer().listen(8085, '0.0.0.0');
    await once(other, 'listening');
    try {
      const rules = [{ name: 'api', matches: [], action: { kind: 'pool', pool: 'api' } }] as const;
      const world = worldOf({
        listeners: [web(8084), web(8085, { http: { ...HTTP, rules } }), web(8086)],
        pools: [poolOf('api', ports)],
      });
      const { steps } = await planOf(driver, world);
      const results = await applyPhases(driver, steps);

      const failed = results.filter((one) => !one.ok);
      assert.deepEqual(
        failed
          .filter(({ step }) => step.item.kind !== 'member')
          .map((one) => [one.step.item.key, one.ok ? '' : one.error.code]),
        [
          [`tcp/${VIP}:8085`, 'PORT_IN_USE'],
          // No pool of it stays behind alone.
          [`tcp/${VIP}:8085 pool api`, 'PORT_IN_USE'],
        ],
      );
      // Whoever has it is named, so that nobody has to look.
      assert.match(failed.map((one) => (one.ok ? '' : one.error.message)).join(), HOLDER);
      assert.equal((await fetch(`http://${VIP}:8084/`)).status, 200);
      assert.equal((await fetch(`http://${VIP}:8086/`)).status, 200);
    } finally {
      other.close();
    }
    const wanted = worldOf({ listeners: [web(8084), web(8085), web(8086), web(8087)] });
    const same = createServer().listen(8087, VIP);
    await once(same, 'listening');
    const { conflicts } = await planOf(driver, wanted);
    same.close();
    await once(same, 'close');
    assert.deepEqual(
      conflicts.map(({ wanted: { key } }) => key),
      [`tcp/${VIP}:8087`],
    );
    assert.match(String(conflicts[0]!.found.fields.program), HOLDER);
    assert.deepEqual((await planOf(driver, wanted)).conflicts, []);
  });
});

test('a line that HAProxy refuses stops its own listener, and the one that served serves on', async () => {
  await withRig(async (rig, driver) => {
    await put(driver, worldOf({ listeners: [web(8080), web(8081)] }));

    const broken = worldOf({
      listeners: [web(8080, { raw: ['no such keyword'] }), web(8081, { raw: ['# fine'] }), web(8082)],
    });
    const { steps } = await planOf(driver, broken);
    const results = await applyPhases(driver, steps);

    const failed = results.filter((one) => !one.ok);
    assert.deepEqual(
      failed.map((one) => [one.step.item.key, one.ok ? '' : one.error.code]),
      [[`tcp/${VIP}:8080`, 'HAPROXY_REFUSED']],
    );
    for (const port of [8080, 8081, 8082]) assert.equal((await fetch(`http://${VIP}:${port}/`)).status, 200);
    const left = await planOf(driver, broken);
    assert.deepEqual(
      left.steps.map(({ item }) => item.key),
      [`tcp/${VIP}:8080`],
    );
    assert.ok(!readFileSync(`${rig.runDir}/haproxy.cfg`, 'utf8').includes('no such keyword'));
  });
});

test('without files for more listeners a reload fails with a cure, and those that serve go on', async () => {
  await withRig(
    async (rig, driver) => {
      await put(driver, worldOf({ listeners: [web()] }));
      const many = Array.from({ length: 300 }, (_, i) => ({ ...web(9000 + i), members: [] }));

      const { steps } = await planOf(driver, worldOf({ listeners: [web(), ...many] }));
      const results = await applyPhases(
        driver,
        steps.filter(({ item }) => item.kind === 'listener'),
      );

      const failed = results.flatMap((one) => (one.ok ? [] : [one.error]));
      assert.equal(failed.length, many.length);
      assert.equal(failed[0]!.code, 'HAPROXY_FAILED');
      assert.match(failed[0]!.message, /limit/);
      assert.match(String(failed[0]!.toJSON().hint), /LimitNOFILE/);
      assert.equal((await fetch(`http://${VIP}:8080/`)).status, 200);
      await assertConverged(driver, worldOf({ listeners: [web()] }));
      assert.ok(!readFileSync(`${rig.runDir}/haproxy.cfg`, 'utf8').includes(':9000'));
    },
    { maxConnections: 50, prefix: FEW_FILES },
  );
});

/** Without the right to raise it, the limit holds for root as well. */
const FEW_FILES = [
  ...['setpriv', '--bounding-set', '-sys_resource', '--inh-caps', '-sys_resource'],
  ...['prlimit', '--nofile=250:250'],
];

test('what somebody does to a server by hand is seen and put right through the socket', async () => {
  await withRig(async (rig, driver) => {
    const world = worldOf({ listeners: [web()] });
    await put(driver, world);
    const server = `${backendName(`tcp/${VIP}:8080`)}/127.0.0.1:${ports[0]}`;

    await ask(rig.process.admin, [`set server ${server} weight 77`, `set server ${server} state maint`]);
    const { steps } = await planOf(driver, world);
    await ask(rig.process.admin, [`set server ${server} state maint`, `del server ${server}`]);
    const lost = await planOf(driver, world);
    await put(driver, world);

    assert.deepEqual(
      steps.map(({ changes, how }) => [changes, how]),
      [[['weight', 'state'], 'runtime']],
    );
    assert.deepEqual(
      lost.steps.map(({ verb, how }) => [verb, how]),
      [['add', 'runtime']],
    );
    await assertConverged(driver, world);
  });
});

test('old workers end within the stated time', async () => {
  await withRig(
    async (rig, driver) => {
      await put(driver, worldOf({ listeners: [web(8080, { protocol: 'tcp' })] }));
      const held = (await import('node:net')).connect(8080, VIP);
      await once(held, 'connect');
      await pause(50);

      await put(driver, worldOf({ listeners: [web(8080, { protocol: 'tcp', scheduler: 'lc' })] }));
      const during = await rig.process.workers();
      const from = Date.now();
      while ((await rig.process.workers()).length > 1 && Date.now() - from < 5000) await pause(50);
      held.destroy();

      assert.equal(during.length, 2);
      assert.ok(Date.now() - from < 3000, `ended after ${Date.now() - from} ms`);
    },
    { hardStopAfterMs: 1000 },
  );
});

test('the pools of rules come in one reload with their listener, and go with it', async () => {
  await withRig(async (rig, driver) => {
    const rules = [{ name: 'api', matches: [], action: { kind: 'pool', pool: 'api' } }] as const;
    const world = worldOf({
      listeners: [web(8080, { http: { ...HTTP, rules } })],
      pools: [poolOf('api', [ports[2]!])],
    });

    await put(driver, world);
    assert.equal(((await (await fetch(`http://${VIP}:8080/`)).json()) as { member: string }).member, 'three');
    await assertConverged(driver, world);
    await put(driver, worldOf({ listeners: [web(8080)] }));

    await assertConverged(driver, worldOf({ listeners: [web(8080)] }));
    await put(driver, worldOf({ listeners: [] }));
    assert.equal((await driver.observe()).items.size, 0);
    assert.ok(existsSync(`${rig.runDir}/haproxy.cfg`));
  });
});

test('HAProxy is found without its pid file, by who knows it and by who comes later, and no second one is started', async () => {
  await withRig(async (rig, driver) => {
    const world = worldOf({ listeners: [web()] });
    await put(driver, world);
    const pid = rig.process.pid();

    rmSync(`${rig.runDir}/haproxy.pid`);

    await assertConverged(driver, world);
    const later = rig.open();
    await assertConverged(later, world);
    // The reload writes it anew.
    await put(later, worldOf({ listeners: [web(), web(8081)] }));
    assert.equal(Number(readFileSync(`${rig.runDir}/haproxy.pid`, 'utf8')), pid);
  });
});

test('figures of the whole process are taken when another configuration comes into force, and by the next daemon', async () => {
  await withRig(async (rig, driver) => {
    const world = worldOf({ listeners: [web()] });
    const connections = async () =>
      /^Maxconn: (\d+)$/m.exec((await ask(rig.process.admin, ['show info']))[0]!)?.[1];
    await put(driver, world);

    driver.take({ maxConnections: 1500, threads: 2 });
    await put(driver, world);
    assert.equal(await connections(), '1500');
    await assertConverged(driver, world);

    const next = rig.open({ maxConnections: 1200 });
    await put(next, world);
    assert.equal(await connections(), '1200');
    await assertConverged(next, world);
  });
});

test('what somebody wrote into the file of a HAProxy that dies is not what it is started with', async () => {
  await withRig(
    async (rig, driver) => {
      await put(driver, worldOf({ listeners: [web()] }));
      const path = rig.process.config;
      const good = readFileSync(path, 'utf8');

      writeFileSync(path, good.replace('retries 2', 'retries 0'));
      process.kill(rig.process.pid()!, 'SIGKILL');

      for (let tries = 0; tries < 200 && readFileSync(path, 'utf8') !== good; tries++) await pause(20);
      assert.equal(readFileSync(path, 'utf8'), good);
    },
    { supervise: true },
  );
});

test('a range of ports grows over its own, which are no other program’s', async () => {
  await withRig(async (_, driver) => {
    const range = (portTo: number) => {
      const more = web(8200, { ports: [{ from: 8200, to: portTo }] });
      return worldOf({ listeners: [more] });
    };
    await put(driver, range(8202));
    const { conflicts } = await planOf(driver, range(8203));
    assert.deepEqual(conflicts, []);

    await put(driver, range(8203));

    await assertConverged(driver, range(8203));
  });
});
