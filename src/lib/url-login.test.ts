import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutLogin } from './url-login.ts';

test('withoutLogin() takes the login of a URL into the header', () => {
  const { url, authorization } = withoutLogin('https://ops:a%3Ab@hooks.example.com/x?y=1');
  assert.equal(url.href, 'https://hooks.example.com/x?y=1');
  assert.equal(authorization, `Basic ${Buffer.from('ops:a:b').toString('base64')}`);
  const odd = withoutLogin('http://ops:50%@127.0.0.1/').authorization;
  assert.equal(odd, `Basic ${Buffer.from('ops:50%').toString('base64')}`);
  assert.deepEqual(withoutLogin('http://127.0.0.1:8086/a@b'), { url: new URL('http://127.0.0.1:8086/a@b') });
});
