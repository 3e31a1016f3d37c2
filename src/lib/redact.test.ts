// redact(): no secret that is known, named or recognisable comes out; what is none stays as it was.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { REDACTED, redact, redactText, secretsIn } from './redact.ts';
import { Secret } from './secret.ts';

test('redact() takes values away whose key names a secret, and leaves the others', () => {
  const token = `lbt_${'0'.repeat(12)}_${'a'.repeat(43)}`;
  assert.deepEqual(
    redact({
      password: 'x',
      vrrp_secret: { file: '/a' },
      clientToken: 't',
      privateKey: 'k',
      key: '/etc/lbctl/tls/api.key',
      keyword: 'pass through',
      secretless: 1,
      pass: [1],
      note: `used ${token} at https://ops:word@host/x`,
      verify: true,
    }),
    {
      password: REDACTED,
      vrrp_secret: REDACTED,
      clientToken: REDACTED,
      privateKey: REDACTED,
      key: '/etc/lbctl/tls/api.key',
      keyword: 'pass through',
      secretless: 1,
      pass: REDACTED,
      note: `used ${REDACTED} at https://ops:${REDACTED}@host/x`,
      verify: true,
    },
  );
});

test('redactText() takes keys out of PEM, whole or cut short', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  assert.equal(redactText(`a\n${pem}b`), `a\n${REDACTED}\nb`);
  assert.equal(redactText(pem.slice(0, 80)), REDACTED);
});

test('redact() leaves no known secret anywhere, in keys, texts or JSON inside a text', () => {
  const secret = fc.string({ minLength: 3, maxLength: 20 }).filter((text) => !REDACTED.includes(text));
  fc.assert(
    fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.string(), (texts, around) => {
      const value = {
        list: texts.map((text) => `${around}${text}${around}`),
        [`key ${texts[0]}`]: { deep: new Map([['m', JSON.stringify({ p: texts.at(-1) })]]) },
        typed: texts.map((text) => new Secret(text)),
      };
      const secrets = secretsIn(value);
      const out = JSON.stringify(redact(value, secrets));
      const plain = JSON.parse(out) as { list: string[] };
      for (const text of texts) {
        // What stands around it may spell the secret together with the mark that took its place.
        const joined = plain.list.join('\n').split(REDACTED).join('\n');
        assert.ok(!joined.split('\n').some((line) => line.includes(text)), `${text} in ${out}`);
      }
      assert.deepEqual(secrets, new Set(texts));
    }),
  );
});
