// The balancer of the traffic tests: the real IPVS driver on the guest's own kernel, steered by Worlds.
import { mustSync } from '../../../lab/process.ts';
import { IpvsDriver } from '../../../src/drivers/ipvs/ipvs-driver.ts';
import { MemoryJournal } from '../../../src/kernel/journal.ts';
import { IpvsKernel } from '../../../src/kernel/netlink/ipvs-kernel.ts';
import { NftProcess } from '../../../src/kernel/nft-process.ts';
import { Registry } from '../../../src/kernel/registry.ts';
import { SysctlFiles } from '../../../src/kernel/sysctl-files.ts';
import type { Listener } from '../../../src/model/listener.ts';
import type { Step } from '../../../src/model/plan.ts';
import type { Member } from '../../../src/model/pool.ts';
import type { World } from '../../../src/model/world.ts';
import { assumedFacts } from '../../../src/plan/assumed-facts.ts';
import { resolve } from '../../../src/plan/resolve.ts';
import { converge } from '../../conformance/converge.ts';
import { buildIntent, buildListener, buildPool, buildVip } from '../../fixtures/build-intent.ts';
import { DEVICE, VIP4, VIP6 } from './topology.ts';

export interface Service {
  readonly port: number;
  readonly family: 4 | 6;
  readonly members: readonly Member[];
  readonly listener?: Partial<Listener>;
}

export class Balancer {
  readonly driver: IpvsDriver;

  constructor() {
    clearKernel();
    const journal = new MemoryJournal();
    // An empty record of this boot, as a first start leaves it.
    new Registry(journal, 'guest').claim(new Map());
    this.driver = new IpvsDriver({
      ipvs: new IpvsKernel(),
      nft: new NftProcess(),
      sysctl: new SysctlFiles(),
      registry: new Registry(journal, 'guest'),
    });
  }

  /** Makes it so, fails if anything differs afterwards, and tells the steps it took. */
  async apply(...services: readonly Service[]): Promise<readonly Step[]> {
    return this.applyWorld(worldOf(services));
  }

  async applyWorld(world: World): Promise<readonly Step[]> {
    const { steps } = await converge(this.driver, world);
    return steps;
  }

  async close(): Promise<void> {
    await this.driver.close();
    clearKernel();
  }
}

export function worldOf(services: readonly Service[]): World {
  const nameOf = ({ port, family }: Service) => `s${port}-${family}`;
  const intent = buildIntent({
    vips: [
      buildVip('v4', VIP4, { manage: false, interface: DEVICE }),
      buildVip('v6', VIP6, { manage: false, interface: DEVICE }),
    ],
    listeners: services.map((service) =>
      buildListener(nameOf(service), `v${service.family}`, service.port, {
        engine: 'ipvs',
        ...service.listener,
      }),
    ),
    pools: services.map((service) => buildPool(nameOf(service), service.members)),
  });
  return resolve(intent, assumedFacts(intent, 0));
}

export function clearKernel(): void {
  mustSync(['ipvsadm', '-C']);
  mustSync(['nft', 'flush', 'ruleset']);
}
