// The HAProxy driver on the real program passes the conformance suite. Its sockets bind addresses nobody holds.
import { listeningSockets } from '../../src/drivers/haproxy/listening.ts';
import { backendName, serverName } from '../../src/drivers/haproxy/names.ts';
import type { World } from '../../src/model/world.ts';
import { DOCUMENTATION_ADDRESSES } from '../conformance/conformance-world.ts';
import { converge } from '../conformance/converge.ts';
import { testDriver } from '../conformance/test-driver.ts';
import { Rig } from './haproxy-rig.ts';

testDriver({
  name: 'haproxy',
  engine: 'haproxy',
  async create() {
    const rig = new Rig();
    const stranger = new Rig();
    return {
      driver: rig.open(),
      reopen: async () => rig.open(),
      // A second HAProxy, not of this run directory: it holds sockets as any other program does.
      plantForeign: async (world: World) => void (await converge(stranger.open(), world)),
      foreignKeys: async () =>
        [...listeningSockets()].filter(
          (socket) => socket.startsWith(`${DOCUMENTATION_ADDRESSES.vip4}:`) && !rig.owns(socket),
        ),
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
  skip: [
    {
      reason:
        'a socket of another program cannot be taken over: it must be stopped, and the conflict says so',
      tests: ['apply() adopts a foreign listener where the listener says so'],
    },
  ],
});
