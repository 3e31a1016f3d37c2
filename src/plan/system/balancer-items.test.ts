import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../../test/fixtures/build-intent.ts';
import type { Intent } from '../../model/intent.ts';
import type { Listener } from '../../model/listener.ts';
import type { TuningProfile } from '../../model/settings.ts';
import { assumedFacts } from '../assumed-facts.ts';
import { resolve } from '../resolve.ts';
import { balancerItems, MODULES_FILE, OPTIONS_FILE } from './balancer-items.ts';

function intentOf(profile: TuningProfile, listeners: readonly Listener[], sysctl = {}): Intent {
  const intent = buildIntent({
    vips: [buildVip('a', '192.0.2.10'), buildVip('six', '2001:db8::10')],
    listeners,
    pools: listeners.map((one) => buildPool(one.pool, [buildMember('10.0.0.1')])),
  });
  return { ...intent, system: { ...intent.system, tuningProfile: profile, sysctl } };
}

function wantedOf(intent: Intent) {
  return balancerItems(intent, resolve(intent, assumedFacts(intent, 0)));
}

function sysctls(intent: Intent): Record<string, unknown> {
  const items = [...wantedOf(intent).items.values()].filter((one) => one.kind === 'sysctl');
  return Object.fromEntries(items.map((one) => [one.key, one.fields.value]));
}

const nat = buildListener('nat', 'a', 80, { engine: 'ipvs', mode: 'nat', scheduler: 'wlc' });
const dr = buildListener('dr', 'a', 81, { engine: 'ipvs', mode: 'dr', scheduler: 'rr' });

test('balancerItems() asks of profile none only what the modes need', () => {
  assert.deepEqual(sysctls(intentOf('none', [dr])), {
    'net.ipv4.ip_forward': '1',
    'net.ipv4.vs.expire_quiescent_template': '1',
  });
});

test('balancerItems() tracks connections for nat and not for direct return', () => {
  const asked = sysctls(intentOf('none', [nat]));

  assert.equal(asked['net.ipv4.vs.conntrack'], '1');
  assert.equal(asked['net.netfilter.nf_conntrack_max'], '1048576');
});

test('balancerItems() gives each profile its sizes', () => {
  assert.equal(sysctls(intentOf('minimal', [dr]))['net.core.somaxconn'], '4096');
  assert.equal(sysctls(intentOf('balanced', [dr]))['net.core.rmem_max'], String(16 * 1024 * 1024));
  assert.equal(sysctls(intentOf('aggressive', [dr]))['net.core.netdev_max_backlog'], '250000');
});

test('balancerItems() lets the operator have the last word on a sysctl', () => {
  assert.equal(
    sysctls(intentOf('balanced', [dr], { 'net.core.somaxconn': '100' }))['net.core.somaxconn'],
    '100',
  );
});

test('balancerItems() writes the same to files of ours, modules by scheduler', () => {
  const { items } = wantedOf(intentOf('aggressive', [nat, dr]));

  assert.match(
    String(items.get(MODULES_FILE)!.fields.content),
    /\nip_vs\nnf_conntrack\nip_vs_rr\nip_vs_wlc\n$/,
  );
  assert.match(String(items.get(OPTIONS_FILE)!.fields.content), /\noptions ip_vs conn_tab_bits=20\n$/);
  assert.match(
    String(items.get('/etc/sysctl.d/90-lbctl.conf')!.fields.content),
    /\nnet\.ipv4\.ip_forward = 1\n/,
  );
});

test('balancerItems() forwards IPv6 only where an IPv6 listener passes packets on, and tells of the side effect', () => {
  const six = buildListener('six', 'six', 80, { engine: 'ipvs', mode: 'dr' });

  const wanted = wantedOf(intentOf('none', [six]));

  assert.equal(wanted.items.get('net.ipv6.conf.all.forwarding')!.fields.value, '1');
  assert.equal(wanted.items.has('net.ipv4.ip_forward'), false);
  assert.match(wanted.notes.join(), /router advertisements/);
});

test('balancerItems() asks nothing of the kernel for a proxy alone', () => {
  const web = buildListener('web', 'a', 80, {
    engine: 'haproxy',
    protocol: 'http',
    mode: 'proxy',
    scheduler: 'rr',
  });

  assert.deepEqual([...wantedOf(intentOf('none', [web])).items], []);
});
