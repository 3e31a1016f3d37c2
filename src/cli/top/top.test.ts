// lbctl top: its page at 80x24, its keys, and the whole of it on a real pseudo terminal.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../../test/fixtures/build-intent.ts';
import { openDoor } from '../../../test/fixtures/rest-door.ts';
import { visibleLength } from '../../plan/paint.ts';
import { renderTop, type TopInput, topRows } from './render-top.ts';
import { follow, keysOf, press, TOP_START } from './top-state.ts';

const INTENT = buildIntent({
  vips: [buildVip('www', '192.0.2.10')],
  listeners: [buildListener('web', 'www', 80), buildListener('api', 'www', 81)],
  pools: ['web', 'api'].map((name) =>
    buildPool(
      name,
      [1, 2].map((n) => buildMember(`10.0.0.${n}`, { name: `${name}${n}`, port: 80 })),
    ),
  ),
});

async function inputOf(): Promise<TopInput> {
  const door = await openDoor(INTENT);
  const status = door.control.status()!;
  await door.close();
  const rate = { driver: 'memory', packetsIn: 0, packetsOut: 0, bytesIn: 1e9, bytesOut: 0 };
  return {
    status,
    rates: [{ ...rate, key: 'tcp/192.0.2.10:80', connections: 1200 }],
    members: new Map([['tcp/192.0.2.10:80 > 10.0.0.1:80', 'web/web1']]),
    events: ['one', 'x'.repeat(300), '\x1b[31mred'],
  };
}

test('renderTop() fills the terminal exactly, whatever is on it', async () => {
  const input = await inputOf();
  for (const [rows, columns] of [
    [24, 80],
    [50, 132],
    [10, 40],
  ] as const)
    for (const colour of [false, true]) {
      const lines = renderTop(input, TOP_START, { rows, columns, colour }).split('\r\n');
      assert.equal(lines.length, rows);
      for (const line of lines) assert.ok(visibleLength(line) <= columns, line);
    }
  const page = renderTop(input, TOP_START, { rows: 24, columns: 80, colour: false });
  assert.match(page, /^lb-a {2}ok {2}addresses 1\/1 {2}listeners 2 {2}sort name/);
  assert.match(page, / web +tcp\/192\.0\.2\.10:80 +ok +1\.2k {2}1\.0G +0/);
  assert.doesNotMatch(page, /\x1b/);
});

test('press() sorts, filters, selects and drains what is selected', async () => {
  const input = await inputOf();
  const names = (state: typeof TOP_START) =>
    topRows(input, state, false).map((row) => row.text.slice(0, 6).trim());
  const keys = (text: readonly string[], members: readonly string[] = ['web/web1', 'api/api1']) => {
    let last: ReturnType<typeof press> = { state: TOP_START, action: { kind: 'none' } };
    for (const key of text) last = press(last.state, key, members);
    return last;
  };

  assert.deepEqual(names(TOP_START), ['api', 'api1', 'api2', 'web', 'web1', 'web2']);
  assert.deepEqual(names(keys(['s']).state)[0], 'web');
  assert.deepEqual(names(keys(['/', 'w', 'x', '\x7f', '\r']).state), ['web', 'web1', 'web2']);
  assert.equal(keys(['/', 'w', '\x1b']).state.filter, '');
  assert.deepEqual(keys(['\x1b[B', 'd', '\r']).action, { kind: 'drain', member: 'api/api1' });
  assert.deepEqual(keys(['j', 'j', 'k', 'd', '\r']).action, { kind: 'drain', member: 'web/web1' });
  assert.deepEqual(keys(['d', '\x1b']).action, { kind: 'none' });
  assert.equal(keys(['d'], []).state.message, 'no member to drain');
  assert.deepEqual(keys(['q']).action, { kind: 'quit' });
  assert.deepEqual(keys(['/', 'q', '\x03']).action, { kind: 'quit' });
});

test('keysOf() takes keys apart that came together, and leaves arrows whole', () => {
  assert.deepEqual(keysOf('jd\r'), ['j', 'd', '\r']);
  assert.deepEqual(keysOf('\x1b[B\x1b[1;5Ak\x1bOAé\x1b'), [
    '\x1b[B',
    '\x1b[1;5A',
    'k',
    '\x1bOA',
    'é',
    '\x1b',
  ]);
});

test('follow() keeps the member selected that was, wherever it stands now', () => {
  const state = { ...TOP_START, row: 1 };
  assert.equal(follow(state, ['a', 'b', 'c'], ['c', 'a', 'b']).row, 2);
  assert.equal(follow(state, ['a', 'b', 'c'], ['b']).row, 0);
  assert.equal(follow(state, ['a', 'b'], ['a', 'c']).row, 1);
  // Beneath two listeners.
  assert.equal(follow(state, ['b', 'b'], ['b', 'b']).row, 1);
  assert.equal(follow(TOP_START, [], ['a']).row, 0);
});

/** `lbctl top` on a terminal of 80 columns, and what it has drawn so far. */
function onTerminal(socket: string) {
  const lbctl = join(import.meta.dirname, '../../../lbctl');
  const command = `stty rows 24 cols 80; '${lbctl}' top --socket '${socket}'`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const seen = { text: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    seen.text += chunk.toString();
  });
  return { child, seen };
}

test('lbctl top waits for a daemon that is away, and goes on with it', async () => {
  const door = await openDoor(INTENT);
  const { child, seen } = onTerminal(door.socket);
  const until = async (text: string): Promise<void> => {
    for (let i = 0; i < 1000 && !seen.text.includes(text); i++) await sleep(20);
    assert.ok(seen.text.includes(text), text);
    seen.text = '';
  };
  const ended = once(child, 'exit');
  try {
    await until('q quit');
    renameSync(door.socket, `${door.socket}.away`);
    await until('Cannot reach a daemon');
    renameSync(`${door.socket}.away`, door.socket);
    await until('q quit');
    child.stdin.write('q');
    assert.equal((await ended)[0], 0);
  } finally {
    child.kill('SIGKILL');
    await door.close();
  }
});

test('lbctl top runs on a terminal, drains by key, and gives the terminal back', async () => {
  const door = await openDoor(INTENT);
  const { child, seen } = onTerminal(door.socket);
  const ended = once(child, 'exit');
  try {
    for (let i = 0; i < 1000 && !seen.text.includes('q quit'); i++) await sleep(20);
    // At once, as over a slow line.
    child.stdin.write('jkd\r');
    for (let i = 0; i < 500 && door.audits.length === 0; i++) await sleep(20);
    child.stdin.write('q');
    const [code] = await ended;

    assert.equal(code, 0);
    assert.deepEqual(
      door.audits.map((one) => [one.target, one.status]),
      [['api/api1', 200]],
    );
    assert.ok(seen.text.includes('\x1b[?1049h'));
    assert.ok(seen.text.trimEnd().endsWith('\x1b[?25h\x1b[?1049l'));
  } finally {
    child.kill('SIGKILL');
    await door.close();
  }
});
