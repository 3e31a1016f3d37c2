// What speaks BGP, BFD and VRRP through FRR, once more with the FRR of the next Debian: nodes and routers.
import { test } from 'node:test';
import { nextPrograms, passesWith } from './next-debian.ts';

const FILES = ['ha-bgp', 'ha-ecmp', 'ha-gobgp', 'ha-bfd', 'ha-half-open-bfd', 'ha-frr-vrrp'];
const PROGRAMS = ['zebra', 'bgpd', 'bfdd', 'vrrpd'].map((name) => `/usr/lib/frr/${name}`);

for (const file of FILES)
  test(`FRR of the next Debian: ${file}`, async () => {
    await passesWith(`test/root/${file}.test.ts`, { SY_FRR: nextPrograms('frr', PROGRAMS) });
  });
