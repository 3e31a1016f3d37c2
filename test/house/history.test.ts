// The history of a running daemon, by the commands a person gives: real processes on the memory engine.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDaemons } from './run-daemon.ts';

const daemons = openDaemons('history');

/** One listener with this many members on loopback; nobody checks them. */
function objects(members: number, more = ''): string {
  const list = Array.from({ length: members }, (_, i) => `      - { address: 127.0.0.1, port: ${9000 + i} }`);
  return `
vips: [{ name: web, address: 192.0.2.10 }]
listeners:
  - name: web
    vip: web
    port: 80
    members:
${list.join('\n')}
${more}`;
}

describe('history', () => {
  it('keeps every configuration, shows what changed, and goes back: the files on disk wait until they differ', async () => {
    const daemon = await daemons.start('walk', objects(2));
    daemon.write(objects(3));
    const reload = await daemon.lbctl('reload', '--reason', 'a third one');
    assert.match(reload.out, /^configuration [0-9a-f]{12} is in force as revision 2\n$/, reload.err);

    const listed = await daemon.lbctl('history');
    assert.match(listed.out, /^2 \* +\d+s ago +applied +\+1 ~0 -0 +unix:uid=\d+,pid=\d+ +a third one$/m);
    assert.match(listed.out, /^1 +\d+s ago +applied +\+4 ~0 -0 +lbctl +read at start$/m);
    const diff = await daemon.lbctl('diff', '1', '--detailed-exitcode');
    assert.equal(diff.code, 3);
    assert.match(diff.out, /^\+ {6}- \{ address: 127\.0\.0\.1, port: 9002 \}$/m);

    const shown = await daemon.lbctl('rollback', '1');
    assert.match(shown.out, /~ member 127\.0\.0\.1:9002 +weight 1 -> 0/, shown.err);
    assert.equal(await daemon.members(), 3);
    const back = await daemon.lbctl('rollback', '1', '--yes');
    assert.match(back.out, /revision 1 is in force as revision 3\n$/, back.err);
    assert.match(
      (await daemon.lbctl('status')).out,
      /^not the files on disk: revision 3 put others in force/m,
    );

    // Nothing changed on disk: what was rolled back stays, also over a restart.
    await daemon.lbctl('reload');
    assert.equal(await daemon.members(), 2);
    await daemon.restart('SIGKILL');
    assert.equal(await daemon.members(), 2);
    assert.match((await daemon.lbctl('status')).out, /revision 3\nnot the files on disk/);
    daemon.write(objects(4));
    await daemon.lbctl('reload');
    assert.equal(await daemon.members(), 4);
    assert.doesNotMatch((await daemon.lbctl('status')).out, /not the files/);
  });

  it('takes the files on disk again when told so, though they have not changed', async () => {
    const daemon = await daemons.start('unpin', objects(1));
    daemon.write(objects(2));
    await daemon.lbctl('reload');
    await daemon.lbctl('rollback', '1', '--yes');
    assert.equal(await daemon.members(), 1);

    await daemon.lbctl('reload', '--unpin');

    assert.equal(await daemon.members(), 2);
    assert.match((await daemon.lbctl('history')).out, /^4 \*/m);
  });

  it('undoes by itself what nobody confirms, and keeps what somebody does', async () => {
    const daemon = await daemons.start('trial', objects(1));
    daemon.write(objects(2));
    const tried = await daemon.lbctl('apply', '--confirm-within', '8s');
    assert.match(tried.out, /on trial: it is undone after 8s unless "lbctl confirm"\n$/, tried.err);
    assert.equal(await daemon.members(), 2);
    const meanwhile = await daemon.lbctl('rollback', '1', '--yes');
    assert.equal(meanwhile.code, 5);
    assert.match(meanwhile.err, /error\[TRIAL_RUNS\]/);
    await daemon.until(async () => (await daemon.members()) === 1);
    assert.match(
      (await daemon.lbctl('history')).out,
      /^3 \* .* lbctl +revision 2 was not confirmed in time$/m,
    );

    daemon.write(objects(3));
    await daemon.lbctl('reload', '--confirm-within', '8s');
    assert.equal((await daemon.lbctl('confirm')).out, 'the configuration on trial is kept\n');
    await sleep(8500);
    assert.equal(await daemon.members(), 3);
  });

  it('undoes over a restart: the deadline is on disk', async () => {
    const daemon = await daemons.start('trial-killed', objects(1));
    daemon.write(objects(2));
    await daemon.lbctl('reload', '--confirm-within', '14s');
    await daemon.restart('SIGKILL');
    assert.equal(await daemon.members(), 2);
    assert.match((await daemon.lbctl('status')).out, /^on trial: back to revision 1 at 20/m);

    await daemon.until(async () => (await daemon.members()) === 1);
  });

  it('starts with files that name objects of the API, and with what was in force where files are refused', async () => {
    const daemon = await daemons.start('boots', objects(1));
    const made = await daemon.lbctl(
      'create',
      'pool',
      'other',
      'members=[{"address":"127.0.0.1","port":9100}]',
    );
    assert.equal(made.code, 0, made.err);
    const both = objects(1, '  - { name: more, vip: web, port: 81, pool: other }');
    daemon.write(both);
    const valid = await daemon.lbctl('validate');
    assert.match(valid.out, /valid: 2 listeners, .* in 1 file and 1 object of the API\n$/, valid.err);
    const copy = join(daemon.folder, 'copy.yaml');
    copyFileSync(daemon.config, copy);
    const alone = await daemon.lbctl('validate', '-c', copy);
    assert.deepEqual(
      [alone.code, alone.err.includes(`"--as ${daemon.config}" judges`)],
      [2, true],
      alone.err,
    );
    const replacing = await daemon.lbctl('validate', '-c', copy, '--as', daemon.config);
    assert.match(replacing.out, /in 1 file and 1 object of the API\n$/, replacing.err);
    assert.equal((await daemon.lbctl('reload')).code, 0);
    assert.equal(await daemon.members(), 2);
    // A plan of the files alone would take the pool away that they name.
    assert.equal((await daemon.lbctl('plan', '--against', 'memory')).code, 0);
    daemon.write(`${both}pools: [{ name: other }]\n`);
    const twice = await daemon.lbctl('validate');
    assert.equal(twice.code, 2, 'the daemon refuses it too');
    daemon.write(both);

    await daemon.restart('SIGKILL');
    assert.equal(await daemon.members(), 2);
    daemon.write(both.replace('port: 80', 'port: eighty'));
    await daemon.restart('SIGTERM');
    assert.equal(await daemon.members(), 2);
    assert.ok(daemon.lines.some((line) => line.msg === 'config refused'));
    daemon.write(`${both}\n: [ {{{\n`);
    await daemon.restart('SIGTERM');
    assert.equal(await daemon.members(), 2, 'no YAML at all');
    daemon.write(both);
    assert.equal((await daemon.lbctl('reload')).code, 0);
  });

  it('undoes what nobody confirmed though the disk is full, and ends its trial with it', async () => {
    const daemon = await daemons.start('trial-full', objects(1));
    const limit = (size: string) => execFileSync('prlimit', ['--pid', String(daemon.pid), `--fsize=${size}`]);
    daemon.write(objects(2));
    await daemon.lbctl('reload', '--confirm-within', '8s');
    // No file may grow past its first page: as full as a disk can be.
    limit('4096:unlimited');
    const refused = await daemon.lbctl('confirm');
    assert.match(refused.err, /error\[STATE_UNWRITABLE\]/);

    await daemon.until(async () => (await daemon.members()) === 1);
    assert.doesNotMatch((await daemon.lbctl('status')).out, /on trial/);
    limit('unlimited:unlimited');
    const kept = (name: string): unknown => {
      const db = new DatabaseSync(join(daemon.folder, 'state/state.db'), { readOnly: true });
      const row = db.prepare('SELECT value FROM memory WHERE name = ?').get(name);
      db.close();
      return row?.value;
    };
    await daemon.until(
      async () => kept('trial') === 'null' && ![undefined, 'null'].includes(kept('pin') as string),
    );
    await daemon.restart('SIGKILL');
    const { out } = await daemon.lbctl('status');
    assert.doesNotMatch(out, /on trial/);
    assert.equal(await daemon.members(), 1, 'the files of the trial are still on disk');
  });

  it('keeps snapshots by name, and goes back to them', async () => {
    const daemon = await daemons.start('snapshots', objects(1));
    assert.match(
      (await daemon.lbctl('snapshot', 'create', 'good')).out,
      /^snapshot good keeps revision 1\n$/,
    );
    const again = await daemon.lbctl('snapshot', 'create', 'good');
    assert.deepEqual([again.code, /lbctl snapshot delete good/.test(again.err)], [5, true]);
    assert.match((await daemon.lbctl('snapshot', 'restore', 'nope')).err, /lbctl snapshot list/);
    daemon.write(objects(2));
    await daemon.lbctl('reload');

    assert.match((await daemon.lbctl('snapshot', 'restore', 'good')).err, /nothing is changed/);
    assert.equal(await daemon.members(), 2);
    assert.match((await daemon.lbctl('snapshot', 'restore', 'good', '--yes')).out, /in force as revision 3/);
    assert.equal(await daemon.members(), 1);
    assert.match((await daemon.lbctl('snapshot', 'list')).out, /^good +1 +20/m);
    const offered = async (...words: string[]) => (await daemon.lbctl('__complete', '--', ...words, '')).out;
    assert.match(await offered('snapshot', 'restore'), /^good\tsnapshot$/m);
    assert.match(await offered('rollback'), /^1\tread at start$/m);
    assert.match(await offered('member', 'reset'), /^web\/127\.0\.0\.1:\d+\t\w+$/m);
    assert.equal((await daemon.lbctl('snapshot', 'delete', 'good')).code, 0);
    assert.equal((await daemon.lbctl('snapshot', 'delete', 'good')).code, 4);
    assert.equal((await daemon.lbctl('rollback', '99')).code, 4);
  });

  it('refuses a way back that takes too much away, unless forced', async () => {
    const guarded = 'guard: { max_delete_percent: 10, free_deletions: 1 }';
    const daemon = await daemons.start('guarded', objects(1, guarded));
    daemon.write(objects(40, guarded));
    await daemon.lbctl('reload');

    const refused = await daemon.lbctl('rollback', '1', '--yes');
    assert.equal(refused.code, 1);
    assert.match(refused.err, /error\[GUARD_HELD\]/);
    assert.equal(await daemon.members(), 40);
    const forced = await daemon.lbctl('rollback', '1', '--yes', '--force');

    assert.equal(forced.code, 0, forced.err);
    assert.equal(await daemon.members(), 1);
  });

  it('shows no secret of a file, and says what a reload refused', async () => {
    const daemon = await daemons.start(
      'secrets',
      objects(1, 'notifications: { webhooks: [{ url: http://127.0.0.1:1/, secret: hunter2-hunter2 }] }'),
    );
    const shown = await daemon.lbctl('history', '1', '-o', 'json');
    assert.equal(shown.code, 0, shown.err);
    assert.doesNotMatch(shown.out, /hunter2/);
    const good = readFileSync(daemon.config, 'utf8');
    writeFileSync(daemon.config, good.replace('port: 80', 'port: eighty'));

    assert.equal((await daemon.lbctl('reload')).code, 2);
    assert.match((await daemon.lbctl('status')).out, /^newest configuration refused: /m);
    assert.equal(await daemon.members(), 1);
    assert.match((await daemon.lbctl('history')).out, /^1 \*/m);
  });

  it('goes on without its history: a broken state.db is set aside, and nothing is removed until somebody confirms', async () => {
    const daemon = await daemons.start('broken', objects(2));
    await daemon.stop('SIGTERM');
    writeFileSync(join(daemon.folder, 'state/state.db'), 'this is no database'.repeat(500));

    await daemon.begin();

    assert.ok(daemon.lines.some(({ msg }) => msg.startsWith('state.db was broken and is set aside')));
    assert.equal(await daemon.members(), 2);
    assert.match((await daemon.lbctl('history')).out, /^1 \* .* read at start$/m);
  });
});
