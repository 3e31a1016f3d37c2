// keepalived's configuration: goldens, every one accepted by keepalived itself, and words that would break out of it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildGroup } from '../../../test/fixtures/build-intent.ts';
import { Secret } from '../../lib/secret.ts';
import type { HaGroup, Track } from '../../model/ha.ts';
import { keepalivedConfig, type VrrpAddress, type VrrpInstance } from './keepalived-config.ts';

const GOLDEN = join(import.meta.dirname, 'testdata');

function group(more: Partial<HaGroup>): HaGroup {
  return buildGroup('front', [], { interface: 'eth9', preempt: true, ...more });
}

function track(more: Partial<Track>): Track {
  return {
    kind: 'script',
    target: '/bin/true -x',
    weight: -60,
    intervalMs: 2000,
    timeoutMs: 1000,
    rise: 1,
    fall: 2,
    ...more,
  };
}

const V4: VrrpAddress = { address: '192.0.2.10', prefixLength: 24, interface: 'eth9' };
const V6: VrrpAddress = { address: '2001:db8::10', prefixLength: 64, interface: 'eth9' };

function instance(more: Partial<HaGroup>, addresses: readonly VrrpAddress[] = [V4]): VrrpInstance {
  const one = group(more);
  return {
    group: one,
    addresses,
    weightFile: `/run/lbctl/vrrp/${one.name}.weight`,
    faultFile: `/run/lbctl/vrrp/${one.name}.fault`,
  };
}

const CASES: Readonly<Record<string, readonly VrrpInstance[]>> = {
  minimal: [instance({})],
  'two-families': [instance({}, [V4, V6])],
  'ipv6-link-local': [instance({ garpRepeatMs: 60_000 }, [V6, { ...V6, address: 'fe80::10' }])],
  'version-2-password': [
    instance({
      vrrpVersion: 2,
      advertMs: 1000,
      auth: { type: 'pass', secret: new Secret('pa$! #w') },
      unicastPeers: ['192.0.2.3'],
      sourceAddress: '192.0.2.2',
      preemptDelayMs: 500,
    }),
  ],
  'no-preempt-tracks': [
    instance({
      preempt: false,
      track: [
        track({}),
        track({ kind: 'interface', target: 'eth1', weight: 0 }),
        track({ kind: 'interface', target: 'eth2', weight: -20 }),
        track({ kind: 'process', target: 'haproxy', weight: 10 }),
        track({ kind: 'file', target: '/run/load', weight: -1 }),
        track({ kind: 'pool', target: 'web', weight: -20 }),
      ],
    }),
  ],
  'sync-group': [
    instance({ name: 'front', syncGroup: 'all', track: [track({})] }),
    instance({ name: 'back', syncGroup: 'all', vrid: 52, track: [track({})] }, [
      { ...V4, address: '10.0.0.1' },
    ]),
  ],
  vmac: [instance({ useVmac: true }, [V4, { ...V4, address: '10.0.0.1', interface: 'eth8' }])],
};

for (const [name, instances] of Object.entries(CASES))
  test(`keepalivedConfig() ${name} is its golden, and keepalived takes it`, () => {
    const { text } = keepalivedConfig({
      routerId: 'lb-a',
      notifyFifo: '/run/lbctl/vrrp/notify.fifo',
      instances,
    });
    const golden = join(GOLDEN, `${name}.conf`);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, text);

    assert.equal(text, readFileSync(golden, 'utf8'));
    const dir = mkdtempSync(join(tmpdir(), 'keepalived-config-'));
    const path = join(dir, 'k.conf');
    // keepalived looks at the files and at the pipe's directory: they are put where this test may write.
    writeFileSync(path, text.replaceAll('/run/lbctl/vrrp', dir));
    for (const { group: one } of instances)
      for (const kind of ['weight', 'fault']) writeFileSync(join(dir, `${one.name}.${kind}`), '0');
    const { status, stdout, stderr } = spawnSync('keepalived', ['-t', '-f', path], { encoding: 'utf8' });
    rmSync(dir, { recursive: true });
    assert.equal(status, 0, stdout + stderr);
  });

test('keepalivedConfig() tells what keepalived rounds', () => {
  const { notes } = keepalivedConfig({
    routerId: 'lb-a',
    notifyFifo: '/run/f',
    instances: [instance({ track: [track({ intervalMs: 500 })] })],
  });

  assert.equal(notes.length, 1);
  assert.match(notes[0]!, /every 1 s/);
});

const REFUSED: readonly [what: string, instance: VrrpInstance][] = [
  ['IPv6 on VRRPv2', instance({ vrrpVersion: 2 }, [V6])],
  ['a password on VRRPv3', instance({ auth: { type: 'pass', secret: new Secret('x') } })],
  ['an interface of two words', instance({ interface: 'eth0 }' })],
  [
    'a password with a quote',
    instance({ vrrpVersion: 2, auth: { type: 'pass', secret: new Secret('a"b') } }),
  ],
  ['a script with a line break', instance({ track: [track({ target: '/bin/true\nvrrp_instance x' })] })],
];
for (const [what, one] of REFUSED)
  test(`keepalivedConfig() refuses ${what}`, () => {
    assert.throws(
      () => keepalivedConfig({ routerId: 'lb-a', notifyFifo: '/run/f', instances: [one] }),
      (error: Error) => error.name === 'InputError' && !error.message.includes('a"b'),
    );
  });
