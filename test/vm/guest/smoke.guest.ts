// What every other test of the guest stands on: IPVS, namespaces, nftables, Node and FFI.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import koffi from 'koffi';
import { Lab } from '../../../lab/netns.ts';
import { mustSync } from '../../../lab/process.ts';

const lab = Lab.create('smoke');
after(() => lab.close());

test('ipvsadm keeps a service in the kernel', () => {
  mustSync(['ipvsadm', '-A', '-t', '192.0.2.10:80', '-s', 'wrr']);

  assert.match(mustSync(['ipvsadm', '-S', '-n']), /-A -t 192\.0\.2\.10:80 -s wrr/);

  mustSync(['ipvsadm', '-C']);
});

test('koffi calls the C library', () => {
  const getpid = koffi.load('libc.so.6').func('int getpid()');

  assert.equal(getpid(), process.pid);
});

test('every module a data plane can ask for loads', () => {
  const modules = [
    'ip_vs_wrr',
    'ip_vs_mh',
    'ip_vs_pe_sip',
    'nf_tables',
    'ipip',
    'ip_gre',
    'fou',
    'dummy',
    'veth',
  ];

  mustSync(['modprobe', '-a', ...modules, 'ip6_tunnel', 'fou6', 'nft_masq', 'nft_ct', 'nf_conntrack']);

  const loaded = mustSync(['lsmod']);
  for (const name of modules) assert.match(loaded, new RegExp(`^${name} `, 'm'));
});

test('namespaces hold networks with tables of their own', () => {
  const host = lab.host('a');
  lab.link({ host: lab.root, device: 'smoke0', addresses: ['10.77.0.1/24'] }, { host, device: 'eth0' });

  host.run('nft', 'add', 'table', 'inet', 'mine');
  host.run('ipvsadm', '-A', '-t', '192.0.2.99:80', '-s', 'rr');

  assert.match(host.run('nft', 'list', 'tables'), /table inet mine/);
  assert.ok(!mustSync(['ipvsadm', '-S', '-n']).includes('192.0.2.99'));
});
