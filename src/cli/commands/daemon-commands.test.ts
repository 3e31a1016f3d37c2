// The commands that talk to a running daemon, each against a real door over a real engine on the memory driver.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { toolboxWith } from '../../../test/fixtures/cli-toolbox.ts';
import { ask, type Door, openDoor } from '../../../test/fixtures/rest-door.ts';
import { lbctlOn, type Ran, WEB_SITE } from '../../../test/fixtures/web-site.ts';
import type { MemberView } from '../member-target.ts';
import { runCli } from '../run-cli.ts';

async function withDaemon(
  run: (lbctl: (...args: string[]) => Promise<Ran>, door: Door) => Promise<void>,
): Promise<void> {
  const door = await openDoor(WEB_SITE);
  const lbctl = lbctlOn(door.socket, {
    renderDiagnostics: async (found) => found.map((one) => `${one.message}\n`).join(''),
  });
  try {
    await run(lbctl, door);
  } finally {
    await door.close();
  }
}

test('drain, member down, up and reset reach the data plane', () =>
  withDaemon(async (lbctl, { control }) => {
    const reasonOf = async () => {
      await control.look();
      const { out } = await lbctl('show', 'members', '-o', 'json');
      const [w1] = JSON.parse(out) as { listeners: { observedWeight?: number; reason: string }[] }[];
      return [w1?.listeners[0]?.reason, w1?.listeners[0]?.observedWeight];
    };

    const drained = await lbctl('drain', 'web/w1', '--for', '2m', '--why', 'disk');
    assert.match(drained.out, /^web\/w1 drains, down at 20\d\d-/);
    assert.deepEqual(await reasonOf(), ['AdminDrain', 0]);
    assert.equal((await lbctl('member', 'down', 'web/w1')).out, 'web/w1 is down\n');
    assert.equal((await reasonOf())[0], 'AdminDown');
    assert.equal((await lbctl('member', 'up', 'web/w1', '--for', '1h')).out, 'web/w1 is up for 1h\n');
    assert.deepEqual(await reasonOf(), ['AdminUp', 3]);
    assert.equal((await lbctl('member', 'reset', 'web/w1')).code, 0);
    assert.deepEqual(await reasonOf(), ['NotChecked', 3]);
  }));

test('operation list and cancel: what waits is called off, what has ended is told', () =>
  withDaemon(async (lbctl, { socket, control }) => {
    assert.equal((await lbctl('operation', 'list')).out, 'there are no operations\n');
    let read = (): void => undefined;
    control.reading = new Promise((resolve) => {
      read = resolve;
    });
    const { location } = (await ask(socket, 'POST', '/v1/reload?async=true')).headers;
    const number = String(location).split('/').at(-1)!;
    assert.match((await lbctl('operation', 'list')).out, new RegExp(`\n${number} +reload +running `));
    const cancelled = await lbctl('operation', 'cancel', number);
    assert.equal(cancelled.out, `operation ${number} (reload) is cancelled\n`, cancelled.err);
    read();
    const again = await lbctl('operation', 'cancel', number);
    assert.deepEqual([again.code, /it is cancelled already/.test(again.err)], [5, true], again.err);
    assert.equal((await lbctl('operation', 'cancel', 'x')).code, 2);
    assert.equal((await lbctl('operation', 'cancel', '1')).code, 4);
  }));

test('show members -o wide tells how long checks take to answer, and -o json the histogram', () =>
  withDaemon(async (lbctl) => {
    const { out } = await lbctl('show', 'members', '-o', 'wide');
    const [w1] = JSON.parse((await lbctl('show', 'members', '-o', 'json')).out) as MemberView[];

    assert.match(out, / HALF +99 OF 100 +SLOWEST +LAST ERROR\n/);
    assert.match(out, /^web\/w1 .* 10 ms +111 ms +111 ms/m);
    assert.equal(w1?.answers?.histogram.length, 4);
  }));

test('what is wrong with a member or a duration ends with its own code', () =>
  withDaemon(async (lbctl) => {
    const table: [string[], number, RegExp][] = [
      [['drain', 'w1'], 2, /must be POOL\/MEMBER/],
      [['drain', 'web/nobody'], 4, /Cannot find member "web\/nobody"/],
      [['member', 'down', 'web/w1', '--for', 'soon'], 2, /Cannot read "for" as a duration/],
      [['member', 'reset', 'none/w1'], 4, /Cannot find member/],
      [['events', '-n', 'many'], 2, /must be 0\.\.2048/],
      [['show', 'members', '--watch', '0'], 2, /must be 0\.1\.\.3600/],
    ];
    for (const [args, code, pattern] of table) {
      const ran = await lbctl(...args);
      assert.equal(ran.code, code, `${args.join(' ')}: ${ran.err}`);
      assert.match(ran.err, pattern);
    }
  }));

test('every command ends with 6 where no daemon runs', async () => {
  const commands = [
    ['drain', 'web/w1'],
    ['member', 'up', 'web/w1'],
    ['member', 'reset', 'web/w1'],
    ['reload'],
    ['confirm'],
    ['events'],
    ['show', 'members'],
    ['show', 'rates'],
  ];
  for (const args of commands) {
    const { toolbox, err } = toolboxWith({ env: { LBCTL_SOCKET: '/nonexistent/api.sock' } });
    assert.equal(await runCli(args, toolbox), 6, args.join(' '));
    assert.match(err.join(''), /^error\[UNREACHABLE\]: Cannot reach a daemon on "\/nonexistent\/api\.sock"/);
  }
});

test('drain --wait ends when no connection is left, or its time is over', () =>
  withDaemon(async (lbctl, { control }) => {
    // The first row of the fixture counts no connections, the member rows do.
    const waited = await lbctl('drain', 'web/w2', '--for', '1s', '--wait');
    assert.match(waited.out, /web\/w2 is down; \d+ connections were left\n$/);

    control.counters = async () => new Map();
    const empty = await lbctl('drain', 'web/w1', '--wait');
    assert.match(empty.out, /web\/w1 drains\nweb\/w1 has no connections left\n$/);
  }));

test('reload shows what is wrong with the files, and confirm what guards hold', () =>
  withDaemon(async (lbctl, { control }) => {
    const before = await lbctl('confirm');
    control.next = { error: 'Unknown key "listners"' };
    const refused = await lbctl('reload');
    control.next = { ...WEB_SITE, listeners: new Map(), guard: { ...WEB_SITE.guard, freeDeletions: 0 } };
    const good = await lbctl('reload');
    const held = await lbctl('status');
    const confirmed = await lbctl('confirm');

    assert.equal(before.out, 'nothing is held back\n');
    assert.equal(refused.code, 2);
    assert.match(refused.err, /Unknown key "listners"\nerror\[CONFIG_INVALID\]/);
    assert.match(
      good.out,
      /^configuration v2 is in force as revision 2\n3 steps held back until "lbctl confirm":\n {2}Cannot remove 3 of .* unconfirmed as /,
    );
    assert.match(held.out, /3 held back/);
    assert.match(confirmed.out, /^3 steps confirmed, 0 held back now\n$/);
    assert.equal(confirmed.code, 0);
  }));

test('reload says whom it lets finish, and until when', () =>
  withDaemon(async (lbctl, { control }) => {
    const [pool] = WEB_SITE.pools.values();
    const members = pool!.members.slice(1);
    control.next = {
      ...WEB_SITE,
      pools: new Map(WEB_SITE.pools).set(pool!.name, { ...pool!, members, drainMs: 60_000 }),
    };

    const told = await lbctl('reload');
    const again = JSON.parse((await lbctl('reload', '-o', 'json')).out) as { waiting: { draining: number } };

    assert.match(told.out, /revision 2\n1 member that left drains until \d{4}-.*Z\n$/);
    assert.equal(again.waiting.draining, 1);
  }));

test('what is told in a sentence is data with -o json', () =>
  withDaemon(async (lbctl, { control }) => {
    const data = async (...args: string[]) =>
      JSON.parse((await lbctl(...args, '-o', 'json')).out) as Record<string, unknown>;

    const drained = await data('drain', 'web/w1', '--why', 'new disk');
    const up = await data('member', 'up', 'web/w1');
    const reset = await data('member', 'reset', 'web/w1');
    const reloaded = await data('reload');
    const confirmed = await data('confirm');
    control.counters = async () => new Map();
    const waited = await data('drain', 'web/w1', '--wait');

    assert.deepEqual([drained.member, drained.state, drained.why], ['web/w1', 'drain', 'new disk']);
    assert.deepEqual([up.state, reset], ['up', { member: 'web/w1' }]);
    assert.deepEqual([reloaded.diagnostics, confirmed], [[], { confirmed: false, steps: 0, held: 0 }]);
    assert.equal(waited.connectionsLeft, 0);
  }));

test('show services, connections, stats and rates print what the daemon counts', () =>
  withDaemon(async (lbctl) => {
    const services = await lbctl('show', 'services', '-o', 'wide');
    const stats = await lbctl('show', 'stats');
    const connections = await lbctl('show', 'connections');
    const rates = await lbctl('show', 'rates');
    const yaml = await lbctl('show', 'stats', '-o', 'yaml');

    assert.match(services.out, /^web +tcp\/192\.0\.2\.10:80 +memory +nat +2\/2 +4 +ok +InService$/m);
    // Exact beyond 2^53.
    assert.match(stats.out, /^memory +tcp\/192\.0\.2\.10:80 +1152921504606846976 +1152921504606846977 /m);
    assert.match(connections.out, /^memory +tcp\/192\.0\.2\.10:80 > 10\.0\.0\.1:80 +1 +2$/m);
    assert.match(rates.out, /^memory +tcp\/192\.0\.2\.10:80 +0 +0 +0 +0 +0$/m);
    assert.match(yaml.out, /connections: "1152921504606846976"/);
  }));

test('show checks prints how long answers take, and its histogram', () =>
  withDaemon(async (lbctl) => {
    const table = await lbctl('show', 'checks');
    const wide = await lbctl('show', 'checks', '-o', 'wide');
    const json = JSON.parse((await lbctl('show', 'checks', '-o', 'json')).out) as { checks: unknown[] };

    assert.match(table.out, /^tcp +web\/w1 api\/w1 +6 +37\.0 ms +<= 10 ms +over 100 ms$/m);
    assert.match(wide.out, /<= 1 ms: 1, <= 10 ms: 2, <= 100 ms: 2, over 100 ms: 1$/m);
    assert.equal(json.checks.length, 1);
  }));

test('events tells who wrote, and leaves what to the audit', () =>
  withDaemon(async (lbctl) => {
    await lbctl('drain', 'web/w1', '--for', '1h');
    const told = await lbctl('events');
    const whole = await lbctl('events', '-o', 'json');

    assert.match(told.out, /audit .*action=setOverride/);
    assert.match(told.out, /who=unix/);
    assert.doesNotMatch(told.out, /change=/);
    assert.match(whole.out, /"change":\{/);
  }));

test('events -f goes on over a stream, and prints one event a line', () =>
  withDaemon(async (lbctl, { socket, control, close }) => {
    await lbctl('member', 'down', 'web/w1');
    await control.look();
    const last = await lbctl('events', '-n', '5');
    const probe = toolboxWith({ env: { LBCTL_SOCKET: socket } });
    const following = runCli(['events', '-f', '-n', '0', '-o', 'json', '--patience', '1s'], probe.toolbox);
    for (let i = 0; i < 500 && !probe.out.join('').includes('AdminUp'); i++) {
      if (i === 10) await lbctl('member', 'up', 'web/w1');
      await sleep(20);
    }
    const printed = probe.out.join('');
    await close();
    assert.equal(await following, 6);

    assert.match(last.out, /^\S+Z audit action=setOverride .* status=200 target=web\/w1 who=unix$/m);
    assert.match(
      last.out,
      /^\S+Z member-changed effectiveWeight=0 from=NotChecked member=w1 pool=web to=AdminDown$/m,
    );
    const kinds = printed
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    assert.deepEqual(kinds, ['audit', 'member-changed']);
  }));
