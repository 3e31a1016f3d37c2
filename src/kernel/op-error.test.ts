import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errnoName, errnoOf } from './native/errno.ts';
import { toIpvsError } from './netlink/ipvs-errors.ts';
import { toOpError } from './op-error.ts';
import type { IpvsCommand } from './ports.ts';

test('toOpError() names operation, target, errno and what the kernel said', () => {
  const error = toOpError({
    op: 'RTM_NEWADDR',
    target: '192.0.2.10/32',
    errno: 17,
    kernelMessage: 'ipv4: Address already assigned',
  });

  assert.equal(
    error.message,
    'Cannot do RTM_NEWADDR on "192.0.2.10/32" as the kernel refused: EEXIST (ipv4: Address already assigned)',
  );
  assert.deepEqual(error.op, {
    op: 'RTM_NEWADDR',
    errno: 'EEXIST',
    target: '192.0.2.10/32',
    kernelMessage: 'ipv4: Address already assigned',
  });
});

test('toOpError() names the capability that is missing and does not retry', () => {
  const error = toOpError({ op: 'bind', errno: 1 });

  assert.deepEqual([error.code, error.retry], ['DENIED', 'never']);
  assert.match(error.hint, /CAP_NET_ADMIN/);
});

test('errnoName() and errnoOf() know the same names', () => {
  for (const name of ['EPERM', 'ENOENT', 'ESRCH', 'EBUSY', 'EEXIST', 'ENODEV', 'ENOBUFS', 'ERANGE'])
    assert.equal(errnoName(errnoOf(name)), name);
  assert.equal(errnoName(9999), 'errno 9999');
});

const key = { kind: 'address', family: 6, protocol: 'tcp', address: '2001:db8::10', port: 80 } as const;
const service = { key, scheduler: 'mh', flags: 0, timeoutSeconds: 0, granularity: 128, engine: '' };
const destination = {
  address: '2001:db8:1::1',
  port: 80,
  forwarding: 0,
  weight: 1,
  upper: 0,
  lower: 0,
  tunnelType: 0,
  tunnelPort: 0,
  tunnelFlags: 0,
};

const CASES: readonly [
  name: string,
  command: IpvsCommand,
  errno: string,
  code: string,
  retry: string,
  hint: RegExp,
][] = [
  [
    'a missing scheduler',
    { kind: 'add-service', service },
    'ENOENT',
    'IPVS_SCHEDULER_MISSING',
    'on-change',
    /modprobe ip_vs_mh"/,
  ],
  [
    'a missing persistence engine',
    { kind: 'set-service', service: { ...service, engine: 'sip' } },
    'ENOENT',
    'IPVS_SCHEDULER_MISSING',
    'on-change',
    /ip_vs_mh ip_vs_pe_sip/,
  ],
  [
    'a member gone under us',
    { kind: 'set-destination', service: key, destination },
    'ENOENT',
    'IPVS_RACE',
    'backoff',
    /./,
  ],
  ['a busy table', { kind: 'delete-service', key }, 'EBUSY', 'IPVS_BUSY', 'backoff', /./],
  [
    'an impossible member',
    { kind: 'add-destination', service: key, destination },
    'EINVAL',
    'DRIVER_FAILED',
    'never',
    /unicast/,
  ],
  ['no permission', { kind: 'add-service', service }, 'EPERM', 'DENIED', 'never', /CAP_NET_ADMIN/],
];

for (const [name, command, errno, code, retry, hint] of CASES) {
  test(`toIpvsError() tells ${name}`, () => {
    const error = toIpvsError(command, { errno: errnoOf(errno) });

    assert.deepEqual([error.code, error.retry], [code, retry]);
    assert.match(error.hint, hint);
    assert.match(error.op.target!, /^tcp\/\[2001:db8::10\]:80/);
  });
}
