import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { ERRNO } from '../../kernel/native/errno.ts';
import { toOpError } from '../../kernel/op-error.ts';
import { pathReason, reasonOf } from './checker.ts';

test('reasonOf() says the same of a refused packet, whether Node or the kernel told us', () => {
  const errno = constants.errno.ENETUNREACH;
  const raw = toOpError({ op: 'sendto', target: 'icmp', errno });
  const told = Object.assign(new Error('connect ENETUNREACH 203.0.113.7:80'), { code: 'ENETUNREACH' });

  assert.equal(reasonOf(raw), 'No route to the network of the member');
  assert.equal(reasonOf(told), reasonOf(raw));
  assert.equal(reasonOf(new Error('anything else')), 'anything else');
});

test('reasonOf() leaves what was refused to be named by the error itself', () => {
  const error = toOpError({ op: 'bind to device', target: 'eth9', errno: ERRNO.EPERM });

  assert.equal(reasonOf(error), error.message);
});

test('pathReason() has words for what is usual', () => {
  assert.deepEqual(['ENOENT', 'EACCES', 'EMFILE', undefined].map(pathReason), [
    'there is no such file',
    'its permissions forbid it',
    'EMFILE',
    'unknown error',
  ]);
});
