// Starts the kernel's sync daemons of this host as the roles say: `active` or `standby`, or none.
import { applyDaemons, wantedDaemons } from '../../../../src/ha/sync/ipvs-sync.ts';
import { IpvsKernel } from '../../../../src/kernel/netlink/ipvs-kernel.ts';
import type { Role } from '../../../../src/model/protocol.ts';
import { syncOn } from '../sync-settings.ts';

const roles = process.argv.slice(2) as Role[];
applyDaemons(new IpvsKernel(), wantedDaemons(syncOn('eth0'), roles));
process.exit(0);
