import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noQuicReason, probeHaproxy, readFeatures } from './open-haproxy.ts';

test('readFeatures() reads what HAProxy was built with', () => {
  const text =
    'HAProxy version 3.0.11-1 2025/01/01 - https://haproxy.org/\nFeature list : -51DEGREES +OPENSSL +PCRE2 +QUIC -PROMEX\n';

  assert.deepEqual(readFeatures(text), {
    version: '3.0.11-1',
    openssl: true,
    quic: true,
    limitedQuic: false,
    pcre: true,
    prometheus: false,
  });
  assert.equal(readFeatures(text.replace('+QUIC', '+QUIC +QUIC_OPENSSL_COMPAT'))!.limitedQuic, true);
  assert.equal(readFeatures('bash: no such file'), undefined);
  assert.equal(noQuicReason(readFeatures(text)!), undefined);
  assert.equal(
    noQuicReason(readFeatures(text.replace('+QUIC', '-QUIC'))!),
    'HAProxy 3.0.11-1 was built without QUIC',
  );
});

test('probeHaproxy() says why there is none', () => {
  const fact = probeHaproxy('/nonexistent/haproxy');

  assert.equal(fact.available, false);
  assert.equal(fact.why, '/nonexistent/haproxy does not run: ENOENT');
});
