// Which drivers a command works with: this machine's, one table in memory, or drivers that plan on paper only.
import type { Planes, PlanesChoice } from '../cli/toolbox.ts';
import { MemoryDriver } from '../drivers/memory/memory-driver.ts';
import type { Driver } from '../model/driver.ts';
import type { Facts } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { ConcreteEngine } from '../model/protocol.ts';
import { ALL_ENGINES } from '../plan/assumed-facts.ts';

export async function openPlanes(choice: PlanesChoice, intent?: Intent): Promise<Planes> {
  if (choice === 'memory') return planesOf([new MemoryDriver()], ALL_ENGINES);
  if (choice === 'paper') return planesOf(paperDrivers(), ALL_ENGINES);
  // FFI and netlink are loaded only where a machine is touched.
  const { lookAround, openMachine } = await import('./machine.ts');
  const machine =
    intent === undefined ? lookAround() : openMachine(intent, choice === 'machine' ? 'serve' : 'look');
  return planesOf(machine.drivers, machine.engines);
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
