import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sysctlDevice, sysctlPath } from './sysctl.ts';

test('sysctlPath() finds the settings of an interface whose name has a dot', () => {
  assert.equal(sysctlPath('net.ipv4.ip_forward'), 'net/ipv4/ip_forward');
  assert.equal(
    sysctlPath(`net.ipv4.conf.${sysctlDevice('eth0.100')}.arp_ignore`),
    'net/ipv4/conf/eth0.100/arp_ignore',
  );
});
