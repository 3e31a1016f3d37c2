// Which drivers a command works with. Engines this release has no driver for are told as such, never stood in for on a machine.
import type { Planes, PlanesChoice } from '../cli/toolbox.ts';
import { MemoryDriver } from '../drivers/memory/memory-driver.ts';
import type { Driver } from '../model/driver.ts';
import type { Facts } from '../model/facts.ts';
import type { ConcreteEngine } from '../model/protocol.ts';
import { ALL_ENGINES } from '../plan/assumed-facts.ts';

const NO_DRIVER = { available: false, why: 'this release has no driver for it' } as const;

export function openPlanes(choice: PlanesChoice): Planes {
  if (choice === 'memory') return planesOf([new MemoryDriver()], ALL_ENGINES);
  if (choice === 'paper') return planesOf(paperDrivers(), ALL_ENGINES);
  return planesOf([new MemoryDriver({ addresses: false })], {
    ipvs: NO_DRIVER,
    xdp: NO_DRIVER,
    haproxy: NO_DRIVER,
    memory: { available: true },
  });
}

/** One that plans in the name of each engine, and one for the addresses of the node. */
function paperDrivers(): Driver[] {
  const engines: readonly ConcreteEngine[] = ['ipvs', 'xdp', 'haproxy', 'memory'];
  return [
    ...engines.map((engine) => new MemoryDriver({ name: engine, engines: [engine], addresses: false })),
    new MemoryDriver({ name: 'address', engines: [] }),
  ];
}

function planesOf(drivers: readonly Driver[], engines: Facts['engines']): Planes {
  return {
    drivers,
    engines,
    async close() {
      await Promise.all(drivers.map((driver) => driver.close()));
    },
  };
}
