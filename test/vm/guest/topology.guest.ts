// The network of the traffic tests itself: proven with ipvsadm, so that a failure elsewhere is ours and not the network's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mustSync } from '../../../lab/process.ts';
import { Topology, VIP4 } from './topology.ts';

/** Of this file alone: the kernel keeps connections of a cleared table, and a source port of theirs may come again. */
const PORT = 9090;

let net: Topology;
before(async () => {
  net = await Topology.create('topo');
});
after(async () => {
  mustSync(['ipvsadm', '-C']);
  await net.close();
});

test('a client reaches members through NAT that ipvsadm set up', async () => {
  net.answerThrough('balancer');
  net.lab.root.address('lb0', `${VIP4}/32`);
  mustSync(['ipvsadm', '-A', '-t', `${VIP4}:${PORT}`, '-s', 'rr']);
  for (const { address4 } of net.members)
    mustSync(['ipvsadm', '-a', '-t', `${VIP4}:${PORT}`, '-r', `${address4}:80`, '-m']);

  const report = await net.ask({ address: VIP4, port: PORT, count: 9 });

  assert.deepEqual(report, { answers: { m1: 3, m2: 3, m3: 3 }, failures: [] });
});

test('a client that finds nobody says so', async () => {
  const report = await net.ask({ address: VIP4, port: 81, count: 1 });

  assert.equal(report.failures.length, 1);
});
