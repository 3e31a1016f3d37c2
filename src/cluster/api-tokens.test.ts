// API tokens: told once, known by hash alone, refused when wrong, expired or revoked, remembered over a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpError } from '../model/errors.ts';
import { ApiTokens, type TokenStore } from './api-tokens.ts';

class Shelf implements TokenStore {
  text = new Map<string, string>();
  writes = 0;

  recall<T>(name: string): T | undefined {
    const text = this.text.get(name);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  remember(name: string, value: unknown): void {
    this.writes++;
    this.text.set(name, JSON.stringify(value));
  }
}

test('create() tells the token once, and keeps no part of its secret', () => {
  const shelf = new Shelf();
  const tokens = new ApiTokens(shelf, () => 1000);
  const { token, info } = tokens.create({ name: 'ci', role: 'operator', project: 'shop' }, 'unix');

  assert.match(token, /^lbt_[0-9a-f]{12}_[\w-]{43}$/);
  assert.deepEqual(tokens.authenticate(token), info);
  const secret = token.split('_').slice(2).join('_');
  const kept = [...shelf.text.values()].join('');
  for (const text of [kept, JSON.stringify(tokens.list()), JSON.stringify(info)])
    assert.ok(!text.includes(secret));
  assert.ok(!JSON.stringify(tokens.list()).includes('hash'));
});

test('authenticate() lets in while the disk takes nothing, and holds() says when that is over', () => {
  const shelf = new Shelf();
  let nowMs = 1_000_000;
  const tokens = new ApiTokens(shelf, () => nowMs);
  const { token, info } = tokens.create({ name: 'ci', role: 'viewer', expiresMs: nowMs + 5000 }, 'unix');
  shelf.remember = () => {
    throw new OpError('STATE_UNWRITABLE', 'Cannot write "api-tokens" to state.db: full', { op: 'write' });
  };

  assert.equal((tokens.authenticate(token) as { name: string }).name, 'ci');
  assert.equal(tokens.holds(info.id), true);
  nowMs += 5000;
  assert.equal(tokens.holds(info.id), false);
  assert.equal(tokens.holds('000000000000'), false);
});

test('authenticate() refuses what is expired, revoked or of another secret, also after a restart', () => {
  const shelf = new Shelf();
  let nowMs = 1_000_000;
  const clock = () => nowMs;
  const tokens = new ApiTokens(shelf, clock);
  const short = tokens.create({ name: 'short', role: 'viewer', expiresMs: nowMs + 5000 }, 'unix');
  const long = tokens.create({ name: 'long', role: 'admin' }, 'unix');

  assert.equal((tokens.authenticate(short.token) as { name: string }).name, 'short');
  nowMs += 5000;
  assert.equal(tokens.authenticate(short.token), 'expired');
  tokens.revoke(long.info.id);
  const again = new ApiTokens(shelf, clock);
  assert.equal(again.authenticate(long.token), 'revoked');
  assert.equal(again.authenticate(short.token), 'expired');
  const [, id] = long.token.split('_');
  assert.equal(again.authenticate(`lbt_${id}_${short.token.slice(17)}`), 'unknown');
  assert.throws(() => again.revoke('000000000000'), { code: 'NOT_FOUND' });
  assert.deepEqual(
    again.list().map((one) => one.name),
    ['short', 'long'],
  );
  nowMs += 31 * 86_400_000;
  assert.deepEqual(again.list(), []);
});

test('authenticate() takes any text for what it is, and writes at most once a minute', () => {
  const shelf = new Shelf();
  let nowMs = 1_000_000;
  const tokens = new ApiTokens(shelf, () => nowMs);
  const { token } = tokens.create({ name: 'ci', role: 'viewer' }, 'unix');
  const { writes } = shelf;
  for (let i = 0; i < 100; i++) {
    nowMs += 1000;
    tokens.authenticate(token);
  }
  assert.equal(shelf.writes - writes, 2);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constant(token.slice(0, -1)), fc.constant(`${token}=`)), (text) => {
      assert.equal(tokens.authenticate(text), 'unknown');
    }),
  );
});
