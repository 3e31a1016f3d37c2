// A secret says [redacted] in every way text is made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { Secret } from './secret.ts';

const plain = 'correct horse battery';

test('Secret never shows its value', () => {
  const secret = new Secret(plain, 'env:PASSWORD');
  const nested = { deep: [{ secret }], map: new Map([['key', secret]]) };
  const texts: Record<string, string> = {
    template: `${secret}`,
    concatenation: '' + secret,
    String: String(secret),
    json: JSON.stringify(nested),
    inspect: inspect(nested, { depth: null, showHidden: true }),
    format: format('%s %o %O %j', secret, secret, secret, secret),
    error: inspect(new Error('failed', { cause: secret })),
    entries: JSON.stringify(Object.entries(secret)),
    spread: inspect({ ...secret }),
    clone: inspect(structuredClone({ ...secret })),
    join: [secret, secret].join(),
  };

  for (const [way, text] of Object.entries(texts)) assert.ok(!text.includes(plain), `${way}: ${text}`);
  assert.equal(texts.template, '[redacted]');
  assert.equal(JSON.stringify({ secret }), '{"secret":"[redacted]"}');
});

test('Secret hands its value to reveal() alone and says where it came from', () => {
  const secret = new Secret(plain, 'file:/etc/lbctl/vrrp.key');

  assert.equal(secret.reveal(), plain);
  assert.equal(secret.source, 'file:/etc/lbctl/vrrp.key');
  assert.equal(new Secret('x').source, 'inline');
});

test('Secret compares by value', () => {
  assert.ok(new Secret('a', 'env:A').equals(new Secret('a', 'env:B')));
  assert.ok(!new Secret('a').equals(new Secret('b')));
});
