// The drivers of this very machine, each opened only where the machine can carry it; why not is kept for Status.
import { openAddress } from '../drivers/address/open-address.ts';
import { openIpvs, probeIpvs } from '../drivers/ipvs/open-ipvs.ts';
import { MemoryDriver } from '../drivers/memory/memory-driver.ts';
import type { Driver } from '../model/driver.ts';
import type { EngineFact, Facts } from '../model/facts.ts';
import type { DataPlaneSettings } from '../model/settings.ts';
import { ALL_ENGINES } from '../plan/assumed-facts.ts';

export interface MachineOptions {
  /** Where the records of what is ours live. */
  readonly stateDir: string;
  readonly dataPlane?: DataPlaneSettings;
}

export interface Machine {
  readonly drivers: readonly Driver[];
  readonly engines: Facts['engines'];
}

const NO_DRIVER: EngineFact = { available: false, why: 'this release has no driver for it' };

export function openMachine({ stateDir, dataPlane }: MachineOptions): Machine {
  const ipvs = probeIpvs();
  const timeouts = dataPlane === undefined ? {} : { timeouts: dataPlane.ipvs };
  const drivers: Driver[] = [
    openAddress(stateDir),
    new MemoryDriver({ name: 'memory', engines: ['memory'], addresses: false }),
  ];
  if (ipvs.available) drivers.push(openIpvs({ stateDir, ...timeouts }));
  return { drivers, engines: { ipvs, xdp: NO_DRIVER, haproxy: NO_DRIVER, memory: { available: true } } };
}

/** One table for everything, to try a configuration without touching the machine. */
export function memoryMachine(): Machine {
  return { drivers: [new MemoryDriver()], engines: ALL_ENGINES };
}
