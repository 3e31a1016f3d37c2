// The address driver on the real machine.
import { join } from 'node:path';
import { FileJournal } from '../../kernel/journal.ts';
import { machineIdentity } from '../../kernel/machine-identity.ts';
import { RouteKernel } from '../../kernel/netlink/route-kernel.ts';
import { PacketNeighbours } from '../../kernel/packet.ts';
import { Registry } from '../../kernel/registry.ts';
import { SysctlFiles } from '../../kernel/sysctl-files.ts';
import { systemClock } from '../../lib/clock.ts';
import { AddressDriver } from './address-driver.ts';

/** `stateDir` is `system.state_dir`: where the record of what is ours lives. */
export function openAddress(stateDir: string): AddressDriver {
  return new AddressDriver({
    route: new RouteKernel(),
    neighbours: new PacketNeighbours(new SysctlFiles()),
    registry: new Registry(new FileJournal(join(stateDir, 'address.record')), machineIdentity()),
    clock: systemClock,
  });
}
