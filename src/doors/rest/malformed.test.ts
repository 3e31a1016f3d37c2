// Hostile and broken requests: each gets a coded answer below 500, none reaches what it should not, the door lives on.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildIntent, buildMember, buildPool } from '../../../test/fixtures/build-intent.ts';
import { type Answer, ask, openDoor } from '../../../test/fixtures/rest-door.ts';
import { ROUTES } from './routes.ts';
import { problemShape } from './schemas.ts';

const INTENT = buildIntent({ pools: [buildPool('web', [buildMember('10.0.0.1', { name: 'w1' })])] });
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'];
const HARD = [
  '..',
  '%2e%2e',
  '%00',
  '%',
  '%ff',
  '__proto__',
  'constructor',
  '💥',
  'a'.repeat(300),
  '',
  ' ',
  '%2F',
];

function mustBeTold(answer: Answer, what: string): void {
  assert.ok(answer.status < 500, `${what}: ${answer.status} ${answer.text}`);
  if (answer.status < 400) return;
  const problem = problemShape.safeParse(answer.json);
  assert.ok(problem.success, `${what}: ${answer.status} ${answer.text}`);
  assert.equal(problem.data.status, answer.status);
  assert.equal(answer.headers['x-request-id'], problem.data.requestId);
}

test('requests made from the routes with words, keys and bodies spoiled are answered with a code', async () => {
  const door = await openDoor(INTENT);
  const word = fc.oneof(fc.constantFrom(...HARD, 'web', 'w1'), fc.string().map(encodeURIComponent));
  const path = fc.oneof(
    fc
      .tuple(fc.constantFrom(...ROUTES.map((route) => route.path)), fc.array(word, { maxLength: 3 }))
      .map(([pattern, words]) => pattern.replaceAll(/\{\w+\}/g, () => words.pop() ?? 'web')),
    fc.array(word, { maxLength: 6 }).map((words) => `/${words.join('/')}`),
  );
  const query = fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    fc
      .tuple(fc.constantFrom('limit', 'after', 'name', 'last', '__proto__', 'x'), word)
      .map(([name, value]) => `?${name}=${value}`),
  );
  const body = fc.oneof(
    fc.constant(undefined),
    fc.record({
      state: fc.constantFrom('drain', 'down', 'up', 'x', 7),
      for: fc.string(),
      why: fc.anything(),
    }),
    fc.json().map((text) => JSON.parse(text) as unknown),
    fc.constantFrom({ state: 'down', extra: 1 }, { level: 'loud' }, [], null, 'x', { __proto__: null }),
  );
  const request = fc.tuple(fc.constantFrom(...METHODS), path, query, body);
  const counts = new Map<number, number>();
  try {
    await fc.assert(
      fc.asyncProperty(request, async ([method, at, search, content]) => {
        const what = `${method} ${at}${search} ${JSON.stringify(content)}`;
        const url = encodeURI(`${at}${search}`).replaceAll('%25', '%');
        if (url.startsWith('/v1/events/watch')) return;
        const answer = await ask(door.socket, method, url, content === undefined ? {} : { body: content });
        counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
        mustBeTold(answer, what);
      }),
      { numRuns: 3000 },
    );

    assert.equal((await ask(door.socket, 'GET', '/v1/status')).status, 200);
    assert.deepEqual(door.faults, []);
    // The fuzz has reached what it is about: accepted, refused, unknown and not allowed.
    for (const status of [200, 400, 404, 405]) assert.ok((counts.get(status) ?? 0) > 20, `${status}`);
  } finally {
    await door.close();
  }
});

test('bodies that are no JSON, too large, of another type or cut short are refused', async () => {
  const door = await openDoor(INTENT);
  const path = '/v1/log-level';
  const put = (raw: string | Buffer, headers: Record<string, string> = {}) =>
    ask(door.socket, 'PUT', path, { raw, headers });
  try {
    const table: [string, Promise<Answer>, number][] = [
      ['no JSON', put('{"level"'), 400],
      ['empty', put(''), 400],
      ['too large', put(Buffer.alloc(300 * 1024, 0x20)), 413],
      ['text', put('level=debug', { 'content-type': 'text/plain' }), 415],
      ['form', put('level=debug', { 'content-type': 'application/x-www-form-urlencoded' }), 415],
      ['prototype', put('{"__proto__": {"level": "debug"}}'), 400],
      ['no body', ask(door.socket, 'PUT', path), 400],
      ['deep', put(`${'['.repeat(50_000)}${']'.repeat(50_000)}`), 400],
      ['body on a read', ask(door.socket, 'POST', '/v1/plan/confirm', { body: { force: true } }), 400],
      ['unknown word', ask(door.socket, 'POST', '/v1/reload', { body: { farce: true } }), 400],
      ['no duration', ask(door.socket, 'POST', '/v1/reload', { body: { confirm_within: '1' } }), 400],
      ['two plans', ask(door.socket, 'POST', '/v1/plans', { body: { revision: 1, files: true } }), 400],
    ];
    for (const [name, asked, status] of table) {
      const answer = await asked;
      assert.equal(answer.status, status, `${name}: ${answer.text}`);
      mustBeTold(answer, name);
    }
    assert.equal(door.control.level, 'info');
  } finally {
    await door.close();
  }
});

test('bytes that are no HTTP end the connection, and nothing else', async () => {
  const door = await openDoor(INTENT);
  const send = (bytes: Buffer | string): Promise<string> =>
    new Promise((resolve) => {
      let heard = '';
      const socket = connect({ path: door.socket });
      socket.setTimeout(5000, () => socket.destroy());
      socket.on('data', (chunk) => {
        heard += chunk.toString('latin1');
      });
      socket.once('error', () => undefined);
      socket.once('close', () => resolve(heard));
      socket.end(bytes);
    });
  try {
    const samples: (Buffer | string)[] = [
      'GET\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
      `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
      `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(5000)}\r\n`,
      'PUT /v1/log-level HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      'PUT /v1/log-level HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
      'GET /v1/status HTTP/1.1\r\n\r\n',
    ];
    for (const sample of samples) {
      const heard = await send(sample);
      assert.match(heard, /^HTTP\/1\.1 4\d\d /, JSON.stringify(sample.slice(0, 40)));
    }
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const heard = await send(Buffer.from(bytes));
        assert.ok(heard === '' || /^HTTP\/1\.1 4\d\d /.test(heard), heard);
      }),
      { numRuns: 300 },
    );
    assert.equal((await ask(door.socket, 'GET', '/v1/status')).status, 200);
    assert.deepEqual(door.faults, []);
  } finally {
    await door.close();
  }
});
