import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
  TCP_CHECK,
} from '../../test/fixtures/build-intent.ts';
import type { ProbePath } from '../kernel/probe-paths.ts';
import type { HealthCheck } from '../model/health-check.ts';
import type { Intent } from '../model/intent.ts';
import type { Probe } from './probe.ts';
import { ProbeTable } from './probe-table.ts';
import { ViaVip } from './via-vip.ts';

const CHECK: HealthCheck = { ...TCP_CHECK, viaVip: true };

function probesFor(members: readonly string[], check = CHECK): readonly Probe[] {
  const intent = buildIntent({
    vips: [buildVip('four', '192.0.2.10'), buildVip('more', '192.0.2.11'), buildVip('six', '2001:db8::10')],
    pools: [
      buildPool(
        'web',
        members.map((address) => buildMember(address)),
        { checks: [check] },
      ),
    ],
    listeners: [
      buildListener('web', 'four', 443, { pool: 'web', vips: ['four', 'six'], mode: 'dr' }),
      buildListener('far', 'more', 80, { pool: 'web', mode: 'tunnel' }),
      buildListener('nat', 'more', 81, { pool: 'web' }),
    ],
  });
  return probesOf(intent);
}

/** As the board has them. */
function probesOf(intent: Intent): readonly Probe[] {
  const table = new ProbeTable();
  table.set(intent);
  return [...table.probes.values()];
}

function told({ address, port, via }: Probe): string {
  return `${address}:${port}${via === undefined ? '' : ` ${via.how} ${via.vip}`}`;
}

test('ProbeTable asks a member for every VIP of its family that it answers for, each on the port of its listener', () => {
  assert.deepEqual(probesFor(['10.0.0.1', '2001:db8::1']).map(told), [
    '10.0.0.1:443 dr 192.0.2.10',
    '10.0.0.1:80 tunnel 192.0.2.11',
    '2001:db8::1:443 dr 2001:db8::10',
  ]);
});

test('ProbeTable leaves what does not go to a VIP at the address of the member', () => {
  const icmp: HealthCheck = { ...CHECK, type: 'icmp', payloadBytes: 8 };

  assert.ok(probesFor(['10.0.0.1'], icmp).every(({ via }) => via === undefined));
});

test('ViaVip keeps the mark of a path, asks the kernel only for changes, and tells what stands in the way', async () => {
  const asked: (readonly ProbePath[])[] = [];
  const faults = new Map<number, string>();
  const via = new ViaVip({
    set: async (paths) => {
      asked.push(paths);
      return new Map(faults);
    },
    close: async () => {},
  });
  const marks = (probes: readonly Probe[]) => probes.map((probe) => via.of(probe)?.mark?.toString(16));

  const both = probesFor(['10.0.0.1', '10.0.0.2']);
  await via.set(both);
  assert.deepEqual(marks(both), ['6c620001', '6c630001', '6c620002', '6c630002']);
  await via.set(probesFor(['10.0.0.2', '10.0.0.1']));
  assert.equal(asked.length, 1);

  const later = probesFor(['10.0.0.2', '10.0.0.3']);
  faults.set(0x6c620002, 'No route to 10.0.0.2');
  await via.set(later);
  assert.deepEqual(marks(later), [undefined, '6c630002', '6c620003', '6c630003']);
  assert.equal(
    via.of(later[0]!)?.fault,
    'Cannot send the probe to the VIP at the member: No route to 10.0.0.2',
  );
  assert.equal(via.faulty, true);
  faults.clear();
  await via.set(later);
  assert.equal(via.faulty, false, 'what was in the way is looked at again');
});

test('ViaVip does not ask through an IPIP tunnel who unpacks another', async () => {
  const intent = buildIntent({
    vips: [buildVip('four', '192.0.2.10')],
    pools: [buildPool('web', [buildMember('10.0.0.1')], { checks: [CHECK] })],
    listeners: [
      buildListener('web', 'four', 80, {
        mode: 'tunnel',
        tunnel: { type: 'gue', port: 6080, checksum: 'none' },
      }),
    ],
  });
  const [probe] = probesOf(intent);
  const via = new ViaVip({
    set: async () => assert.fail('nothing to ask the kernel for'),
    close: async () => {},
  });

  await via.set([probe!]);

  assert.match(via.of(probe!)!.fault!, /: probes do not go through gue$/);
});
