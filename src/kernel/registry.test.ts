import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FileJournal, MemoryJournal } from './journal.ts';
import { Registry } from './registry.ts';

const folder = mkdtempSync(join(tmpdir(), 'lbctl-registry-'));
after(() => rmSync(folder, { recursive: true }));

test('Registry remembers claims, notes and settings across processes', () => {
  const path = join(folder, 'deep', 'record');
  const first = new Registry(new FileJournal(path), 'boot-1');
  first.claim(new Map([['tcp/192.0.2.10:80', '']]));
  first.claim(
    new Map([
      ['tcp/192.0.2.10:80-90', 'mark 0x4c000001'],
      ['192.0.2.10/32 dev eth0', ''],
    ]),
  );
  first.release(['tcp/192.0.2.10:80']);
  first.claimSetting('net.ipv4.vs.conntrack', '0');

  const second = new Registry(new FileJournal(path), 'boot-1');

  assert.equal(second.state, 'known');
  assert.deepEqual(
    [...second.claims],
    [
      ['tcp/192.0.2.10:80-90', 'mark 0x4c000001'],
      ['192.0.2.10/32 dev eth0', ''],
    ],
  );
  assert.deepEqual([...second.settings], [['net.ipv4.vs.conntrack', '0']]);
});

test('Registry owns nothing after a reboot or in another namespace', () => {
  const journal = new MemoryJournal();
  new Registry(journal, 'boot-1').claim(new Map([['tcp/192.0.2.10:80', '']]));

  const after = new Registry(journal, 'boot-2');

  assert.equal(after.state, 'fresh');
  assert.equal(after.claims.size, 0);
  after.claim(new Map([['udp/192.0.2.10:53', '']]));
  assert.equal(after.state, 'known');
  assert.deepEqual([...new Registry(journal, 'boot-2').claims.keys()], ['udp/192.0.2.10:53']);
});

test('Registry says when there is no record at all, and when it is garbage', () => {
  assert.equal(new Registry(new MemoryJournal(), 'boot-1').state, 'lost');
  const path = join(folder, 'garbage');
  writeFileSync(path, 'something else\n');

  assert.equal(new Registry(new FileJournal(path), 'boot-1').state, 'lost');
});

test('Registry leaves a line torn by a crash out, and does not grow onto it', () => {
  const path = join(folder, 'torn');
  new Registry(new FileJournal(path), 'boot-1').claim(new Map([['tcp/192.0.2.10:80', '']]));
  writeFileSync(path, '+ tcp/192.0.2.1', { flag: 'a' });

  const next = new Registry(new FileJournal(path), 'boot-1');
  next.claim(new Map([['tcp/192.0.2.11:80', '']]));

  assert.equal(
    readFileSync(path, 'utf8'),
    'lbctl registry 1 boot-1\n+ tcp/192.0.2.10:80\n+ tcp/192.0.2.11:80\n',
  );
});

test('Registry appends one line a change, not the whole record', () => {
  const journal = new MemoryJournal();
  const registry = new Registry(journal, 'boot-1');
  registry.claim(new Map(Array.from({ length: 100 }, (_, i) => [`tcp/192.0.2.10:${i + 1}`, ''])));

  registry.release(['tcp/192.0.2.10:5']);

  assert.equal(journal.lines?.length, 102);
  assert.equal(journal.lines?.at(-1), '- tcp/192.0.2.10:5');
});

test('FileJournal says which file cannot be written', () => {
  writeFileSync(join(folder, 'plain'), '');
  const registry = new Registry(new FileJournal(join(folder, 'plain', 'record')), 'boot-1');

  assert.throws(() => registry.claim(new Map([['a', '']])), /Cannot (write|read) the record of what is ours/);
});
