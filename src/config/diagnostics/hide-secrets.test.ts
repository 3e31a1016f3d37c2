import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hideSecrets } from './hide-secrets.ts';

test('hideSecrets() blots out what is secret in a line, and leaves its length and the rest', () => {
  for (const [line, shown] of [
    ['  - url: https://chat.example.com/hooks/T0/B1', '  - url: https://chat.example.com************'],
    [
      'influxdb: { url: http://127.0.0.1:8086, token: abc }',
      'influxdb: { url: http://127.0.0.1:8086, token: *** }',
    ],
    ['url: http://me:pass@host/', 'url: http://*******@host/'],
    ['headers: { Cookie: sid=abc }', 'headers: { Cookie: ******* }'],
    ['persistence: { type: cookie, cookie: SRV }', 'persistence: { type: cookie, cookie: SRV }'],
    ['Authorization: Bearer abc', 'Authorization: ****** ***'],
    ['token: { file: /etc/lbctl/token }', 'token: { file: /etc/lbctl/token }'],
  ] as const)
    assert.equal(hideSecrets(line), shown);
});
