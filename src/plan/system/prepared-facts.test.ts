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
import { resolve } from '../resolve.ts';
import { balancerSettings } from './balancer-settings.ts';
import { preparedFacts } from './prepared-facts.ts';

function modulesOf(kernelHasIpvs: boolean, ...engines: readonly Listener['engine'][]): readonly string[] {
  const listeners = engines.map((engine, i) =>
    buildListener(`l${i}`, 'a', 80 + i, { engine, mode: 'dr', scheduler: 'rr' }),
  );
  const intent: Intent = buildIntent({
    vips: [buildVip('a', '192.0.2.10')],
    listeners,
    pools: listeners.map((one) => buildPool(one.pool, [buildMember('10.0.0.1')])),
  });
  return balancerSettings(intent, resolve(intent, preparedFacts(intent, 0, kernelHasIpvs))).modules;
}

test('preparedFacts() asks a kernel without IPVS for none of it, unless a listener names it', () => {
  const modules = ['ip_vs', 'ip_vs_rr'];
  assert.deepEqual(modulesOf(true, 'auto'), modules);
  assert.deepEqual(modulesOf(false, 'auto'), []);
  assert.deepEqual(modulesOf(false, 'xdp'), []);
  assert.deepEqual(modulesOf(false, 'ipvs'), modules);
});
