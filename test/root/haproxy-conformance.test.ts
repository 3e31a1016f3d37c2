// The HAProxy driver on the real program passes the conformance suite. Its sockets bind addresses nobody holds.
import { listeningSockets } from '../../src/drivers/haproxy/listening.ts';
import { backendName, serverName } from '../../src/drivers/haproxy/names.ts';
import type { World } from '../../src/model/world.ts';
import { DOCUMENTATION_ADDRESSES } from '../conformance/conformance-world.ts';
import { converge } from '../conformance/converge.ts';
import { testDriver } from '../conformance/test-driver.ts';
import { Rig } from './haproxy-rig.ts';

/** Two runs on one machine must not meet: each has VIPs of its own, of the network for benchmarks. */
const [high, low] = [(process.pid >> 8) & 255, process.pid & 255];
const addresses = {
  ...DOCUMENTATION_ADDRESSES,
  vip4: `198.18.${high}.${low}`,
  vip6: `2001:db8:2::${process.pid.toString(16).slice(-4)}`,
};

testDriver({
  name: 'haproxy',
  engine: 'haproxy',
  addresses,
  async create() {
    const rig = new Rig();
    const stranger = new Rig();
    return {
      driver: rig.open(),
      reopen: async () => rig.open(),
      // A second HAProxy, not of this run directory: it holds sockets as any other program does.
      plantForeign: async (world: World) => void (await converge(stranger.open(), world)),
      foreignKeys: async () =>
        [...listeningSockets().keys()].filter(
          (socket) => socket.startsWith(`${addresses.vip4}:`) && !rig.owns(socket),
        ),
      // Its socket stays its own until it ends.
      releaseForeign: () => stranger.process.stop(),
      failOn: async (key) => {
        const [container = '', member = ''] = key.split(' > ');
        rig.faults.add(`${backendName(container)}/${serverName(member)} weight`);
      },
      close: async () => {
        await rig.close();
        await stranger.close();
      },
    };
  },
});
