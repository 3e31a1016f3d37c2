// The drivers of this very machine, each opened only where the machine can carry it; why not is kept for Status.
import { openAddress } from '../drivers/address/open-address.ts';
import type { HaproxyDriver } from '../drivers/haproxy/haproxy-driver.ts';
import { openHaproxy, probeHaproxy } from '../drivers/haproxy/open-haproxy.ts';
import { openIpvs, probeIpvs } from '../drivers/ipvs/open-ipvs.ts';
import { MemoryDriver } from '../drivers/memory/memory-driver.ts';
import type { Driver } from '../model/driver.ts';
import { LbError, whyOf } from '../model/errors.ts';
import type { EngineFact, Facts } from '../model/facts.ts';
import type { WatchedFlows } from '../model/flow.ts';
import type { Intent } from '../model/intent.ts';
import { ALL_ENGINES } from '../plan/assumed-facts.ts';
import { xdpObject } from './shipped.ts';
import { hasXdpTables, XdpOnDemand } from './xdp-on-demand.ts';

export interface Machine {
  readonly drivers: readonly Driver[];
  readonly engines: Facts['engines'];
  /** What a reader of Status should know about how the drivers were opened. */
  readonly notes: readonly string[];
  /** The connections of the XDP data plane, where it is open: for telling other nodes of them. */
  flows?(): WatchedFlows | undefined;
  /** A configuration came into force: what is opened from now on follows it. */
  take?(intent: Intent): void;
  /** Links or addresses changed outside; absent where no driver cares. */
  networkChanged?(): void;
}

/** `look`: nothing on the machine changes by opening. `serve`: programs are attached where listeners may need them. */
export type MachineUse = 'look' | 'serve';

/** Two daemons on one kernel, each in a network namespace of its own, need a folder of pins each. */
const BPF_FOLDER = process.env.LBCTL_BPF_DIR || '/sys/fs/bpf/lbctl';

const DEFAULT_STATE_DIR = '/var/lib/lbctl';

interface Opened {
  readonly driver?: Driver;
  readonly fact: EngineFact;
}

/** What can be read without a configuration: a broken or missing file must not keep anybody from looking. */
export function lookAround(): Machine {
  const stateDir = DEFAULT_STATE_DIR;
  const ipvs = probeIpvs();
  const drivers: Driver[] = [openAddress(stateDir)];
  if (ipvs.available) drivers.push(openIpvs({ stateDir }));
  return { drivers, engines: { ...ALL_ENGINES, ipvs }, notes: [] };
}

export function openMachine(intent: Intent, use: MachineUse): Machine {
  const { stateDir } = intent.system;
  const ipvs = openIpvsHere(intent);
  const xdp = openXdpHere(intent, use, ipvs.fact.available);
  const haproxy = openHaproxyHere(intent, use);
  const address = openAddress(stateDir);
  const drivers: Driver[] = [
    address,
    new MemoryDriver({ name: 'memory', engines: ['memory'], addresses: false }),
  ];
  let needed = needsXdp(intent, ipvs.fact.available);
  const demand = xdp instanceof XdpOnDemand ? xdp : undefined;
  for (const driver of [ipvs.driver, demand ?? (xdp as Opened).driver, haproxy.driver])
    if (driver !== undefined) drivers.push(driver);
  const engines = {
    ipvs: ipvs.fact,
    // A configuration read later may name the interfaces it needs.
    get xdp() {
      return xdp.fact;
    },
    haproxy: haproxy.fact,
    memory: { available: true },
  };
  return {
    drivers,
    engines,
    notes: demand?.state()?.notes ?? [],
    flows: () => demand?.opened?.flows,
    take: (accepted) => {
      needed = needsXdp(accepted, ipvs.fact.available);
      demand?.take(accepted);
      haproxy.driver?.take(accepted.dataPlane.haproxy);
    },
    networkChanged: () => {
      address.announceReturned();
      // Listeners that IPVS has taken over meanwhile stay there.
      if (needed && demand !== undefined) demand.networkChanged();
    },
  };
}

/** One table for everything, to try a configuration without touching the machine. */
export function memoryMachine(): Machine {
  return { drivers: [new MemoryDriver()], engines: ALL_ENGINES, notes: [] };
}

function openIpvsHere({ system, dataPlane }: Intent): Opened {
  const fact = probeIpvs();
  if (!fact.available) return { fact };
  return { fact, driver: openIpvs({ stateDir: system.stateDir, timeouts: dataPlane.ipvs }) };
}

function openHaproxyHere(
  { system, dataPlane }: Intent,
  use: MachineUse,
): Opened & { readonly driver?: HaproxyDriver } {
  const { binary, maxConnections, threads } = dataPlane.haproxy;
  const { features, ...fact } = probeHaproxy(binary);
  if (!fact.available || features === undefined) return { fact };
  const { runDir } = system;
  return {
    fact,
    driver: openHaproxy({ binary, features, maxConnections, threads, runDir, supervise: use === 'serve' }),
  };
}

/** Opened at once where the configuration asks for it, so that another engine can take over where it cannot be. */
function openXdpHere(intent: Intent, use: MachineUse, hasIpvs: boolean): XdpOnDemand | Opened {
  const xdp = new XdpOnDemand(intent, { objectPath: xdpObject(), folder: BPF_FOLDER });
  const { fact } = xdp;
  if (!mayNeedXdp(intent, hasIpvs)) return xdp;
  if (!fact.available) return use === 'look' ? { fact } : xdp;
  // Attaching is a change: who only looks plans on paper, unless our tables are there already.
  if (use === 'look' && !hasXdpTables(BPF_FOLDER))
    return { fact, driver: new MemoryDriver({ name: 'xdp', engines: ['xdp'], addresses: false }) };
  if (use === 'serve') {
    xdp.openIfItCan();
    return xdp;
  }
  try {
    xdp.open();
    return xdp;
  } catch (error) {
    if (!(error instanceof LbError)) throw error;
    return { fact: { available: false, why: whyOf(error) } };
  }
}

/** Only listeners that name it, that prefer it, or that nothing else could carry, are worth a program on an interface. */
function mayNeedXdp(intent: Intent, hasIpvs: boolean): boolean {
  return needsXdp(intent, hasIpvs && intent.dataPlane.prefer !== 'xdp');
}

function needsXdp({ listeners, dataPlane }: Intent, hasOther: boolean): boolean {
  const usual = dataPlane.engine === 'xdp' || (dataPlane.engine === 'auto' && !hasOther);
  return [...listeners.values()].some(({ engine }) => engine === 'xdp' || (engine === 'auto' && usual));
}
