// lbctl get, create, set and delete against a real daemon on the memory engine, as a person uses them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openDaemons } from './run-daemon.ts';

const daemons = openDaemons('objects-cli');

const FILES = `
vips: [{ name: www, address: 192.0.2.10 }]
pools: [{ name: filed, members: [{ name: f1, address: 127.0.0.1, port: 9000 }] }]
listeners: [{ name: filed, vip: www, port: 80, pool: filed }]
`;

describe('lbctl get, create, set and delete', () => {
  it('make a service, change it, show it and take it away', async () => {
    const daemon = await daemons.start('walk', FILES);
    const run = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await daemon.lbctl(...args);
      assert.equal(code, 0, `${args.join(' ')}: ${err}`);
      return out;
    };
    assert.equal(
      await run('create', 'pool', 'web', 'members=[{name: w1, address: 127.0.0.1, port: 9001}]', 'drain=5s'),
      'pool web is made: revision 2\n',
    );
    const dry = await run('create', 'listener', 'web', 'vip=www', 'port=81', 'pool=web', '--dry-run');
    assert.match(dry, /^tcp\/192\.0\.2\.10:81 {2}\(memory\)\n {2}\+ listener /);
    await run('create', 'listener', 'web', 'vip=www', 'port=81', 'pool=web', '--reason', 'ticket 7');
    await run('create', 'member', 'web/w2', 'address=127.0.0.2', 'port=9001', 'weight=3');
    await run('set', 'member', 'web/w1', 'weight=0');
    await run('set', 'listener', 'web', 'limits.connections=1000', 'scheduler=rr');
    await run('set', 'pool', 'web', 'drain-');
    await daemon.until(async () => (await daemon.members()) === 3);

    const listeners = await run('get', 'listener');
    assert.match(listeners, /^filed +tcp +www +80 +filed +memory +ok +InService +\S+lb\.yaml:12$/m);
    assert.match(listeners, /^web +tcp +www +81 +web +memory +ok +InService +api$/m);
    assert.match(await run('get', 'pool', '--source', 'api', '-o', 'wide'), /^web +2 +1 +- +api +unix:uid=/m);
    assert.match(await run('get', 'member', '--sort', '-weight'), /^MEMBER.*\nweb\/w2 /);
    assert.match(await run('get', 'vip', 'www'), /^www +192\.0\.2\.10\/32 +- +- +yes +Active +\S+:10$/m);
    const yaml = await run('get', 'listener', 'web', '-o', 'yaml');
    assert.equal(
      yaml,
      'limits:\n  connections: 1000\nname: web\npool: web\nport: 81\nscheduler: rr\nvip: www\n',
    );
    assert.match(await run('history'), /^3 .* ticket 7$/m);

    const held = await daemon.lbctl('delete', 'pool', 'web');
    assert.equal(held.code, 5);
    assert.match(held.err, /error\[OBJECT_IN_USE\]: Cannot delete pool "web" as listener "web" uses it/);
    assert.match(
      await run('delete', 'listener', 'web', '--cascade'),
      /^listener web is gone, with pool web: rev/,
    );
    writeFileSync(join(daemon.folder, 'web.yaml'), yaml.replace('pool: web', 'pool: filed'));
    await run('create', 'listener', '-f', join(daemon.folder, 'web.yaml'));
    assert.match(await run('get', 'listener', 'web'), /^web +tcp +www +81 +filed/m);
  });

  it('read many objects from a file, all or none', async () => {
    const daemon = await daemons.start('many', FILES);
    const file = join(daemon.folder, 'shop.yaml');
    const shop = `
pools: [{ name: shop, members: [{ address: 127.0.0.1, port: 9005 }] }]
listeners: [{ name: shop, vip: 192.0.2.30, port: 443, pool: shop }]
`;
    writeFileSync(file, shop.replace('pool: shop }', 'pool: shpo }'));
    const wrong = await daemon.lbctl('create', '-f', file);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /There is no pool called "shpo"/);
    assert.doesNotMatch((await daemon.lbctl('get', 'pool')).out, /shop/);
    writeFileSync(file, shop);

    assert.equal((await daemon.lbctl('create', '-f', file)).out, '2 objects are made: revision 2\n');
    const vips = (await daemon.lbctl('get', 'vip')).out;
    assert.match(vips, /^192\.0\.2\.30 +192\.0\.2\.30\/32 .* listener shop$/m);
  });

  it('tell what is wrong with words and names, each with its own code', async () => {
    const daemon = await daemons.start('wrong', FILES);
    const table: [string[], number, RegExp][] = [
      [['get', 'pool', 'nobody'], 4, /Cannot find pool "nobody"/],
      [['get', 'pols'], 2, /Allowed choices are listener, pool/],
      [['create', 'pool'], 2, /without its kind and name/],
      [['create', 'pool', 'filed'], 5, /error\[OBJECT_EXISTS\]/],
      [['create', 'pool', 'x', 'wieght=3'], 2, /Unknown key "wieght"/],
      [['create', 'pool', 'x', '=3'], 2, /it must be KEY=VALUE or KEY-/],
      [['create', 'pool', 'x', 'members=[{'], 2, /as YAML/],
      [['set', 'pool', 'filed', 'panic=3'], 5, /error\[OBJECT_FROM_FILE\].*lb\.yaml:11/],
      [['set', 'member', 'filed', 'weight=3'], 2, /must be POOL\/MEMBER/],
      [['set', 'member', 'filed/none', 'weight=3'], 4, /Cannot find member/],
      [['delete', 'vip', 'www'], 5, /error\[OBJECT_FROM_FILE\]/],
    ];
    for (const [args, code, pattern] of table) {
      const ran = await daemon.lbctl(...args);
      assert.equal(ran.code, code, `${args.join(' ')}: ${ran.err}`);
      assert.match(ran.err, pattern);
    }
  });

  it('are completed with the names that the daemon has and the keys of the language', async () => {
    const daemon = await daemons.start('completed', FILES);
    const complete = async (...words: string[]) => (await daemon.lbctl('__complete', '--', ...words)).out;

    assert.equal(await complete('get', 'po'), 'pool\t\n');
    assert.equal(await complete('get', 'pool', 'f'), 'filed\tpool\n');
    // Nothing checks it.
    assert.equal(await complete('set', 'member', ''), 'filed/f1\tunknown\n');
    assert.match(await complete('set', 'pool', 'filed', 'dr'), /^drain=\tA removed or drained member/);
    assert.match(await complete('create', 'member', 'web/x', 'wei'), /^weight=\tShare of new flows/);
    await daemon.lbctl('set', 'quota', 'acme', 'pools=3');
    assert.equal(await complete('get', 'quota', ''), 'acme\tacme\n');
    const [id] =
      /[0-9a-f]{12}/.exec((await daemon.lbctl('token', 'create', 'ci', '--role', 'viewer')).out) ?? [];
    assert.equal(await complete('token', 'revoke', ''), `${id}\tci\n`);
    // Of the daemon that the line names.
    assert.equal(await complete('get', '--socket', '/nowhere/api.sock', 'pool', ''), '');
    assert.equal(await complete('get', '--socket=/nowhere/api.sock', 'pool', ''), '');
  });
});
