// The drivers of this very machine, each opened only where the machine can carry it; why not is kept for Status.
import { existsSync } from 'node:fs';
import { openAddress } from '../drivers/address/open-address.ts';
import { openHaproxy, probeHaproxy } from '../drivers/haproxy/open-haproxy.ts';
import { openIpvs, probeIpvs } from '../drivers/ipvs/open-ipvs.ts';
import { MemoryDriver } from '../drivers/memory/memory-driver.ts';
import { openXdp, xdpFact } from '../drivers/xdp/open-xdp.ts';
import type { Driver } from '../model/driver.ts';
import { LbError } from '../model/errors.ts';
import type { EngineFact, Facts } from '../model/facts.ts';
import type { WatchedFlows } from '../model/flow.ts';
import type { Intent } from '../model/intent.ts';
import { ALL_ENGINES } from '../plan/assumed-facts.ts';
import { xdpObject } from './shipped.ts';

export interface Machine {
  readonly drivers: readonly Driver[];
  readonly engines: Facts['engines'];
  /** What a reader of Status should know about how the drivers were opened. */
  readonly notes: readonly string[];
  /** The connections of the XDP data plane, where it is open: for telling other nodes of them. */
  flows?(): WatchedFlows | undefined;
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
  readonly notes?: readonly string[];
  readonly flows?: () => WatchedFlows | undefined;
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
  for (const { driver } of [ipvs, xdp, haproxy]) if (driver !== undefined) drivers.push(driver);
  const engines = { ipvs: ipvs.fact, xdp: xdp.fact, haproxy: haproxy.fact, memory: { available: true } };
  return {
    drivers,
    engines,
    notes: xdp.notes ?? [],
    flows: () => xdp.flows?.(),
    networkChanged: () => address.announceReturned(),
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

function openHaproxyHere({ system, dataPlane }: Intent, use: MachineUse): Opened {
  const { binary, maxConnections, threads } = dataPlane.haproxy;
  const { features: _, ...fact } = probeHaproxy(binary);
  if (!fact.available) return { fact };
  const { runDir } = system;
  return {
    fact,
    driver: openHaproxy({ binary, maxConnections, threads, runDir, supervise: use === 'serve' }),
  };
}

function openXdpHere(intent: Intent, use: MachineUse, hasIpvs: boolean): Opened {
  const fact = xdpFact(xdpObject());
  if (!fact.available) return { fact };
  const interfaces = xdpInterfaces(intent);
  if (interfaces.length === 0) {
    return {
      fact: { available: false, why: 'no interface is named in data_plane.xdp.interfaces or network' },
    };
  }
  if (!mayNeedXdp(intent, hasIpvs)) return { fact };
  // Attaching is a change: who only looks plans on paper, unless our tables are there already.
  if (use === 'look' && !existsSync(BPF_FOLDER)) {
    return { fact, driver: new MemoryDriver({ name: 'xdp', engines: ['xdp'], addresses: false }) };
  }
  const { attach, maxListeners, maxMembers, maxFlows } = intent.dataPlane.xdp;
  const limits = { maxListeners, maxMembers, maxFlows };
  try {
    const opened = openXdp({ objectPath: xdpObject(), interfaces, attach, limits, folder: BPF_FOLDER });
    const failed = opened.interfaces.flatMap((one) => ('error' in one ? [one.error.message] : []));
    if (failed.length === interfaces.length) return { fact: { available: false, why: failed.join('; ') } };
    const { driver, notes } = opened;
    return { fact, driver, notes: [...notes, ...failed], flows: () => driver.flows };
  } catch (error) {
    if (!(error instanceof LbError)) throw error;
    return { fact: { available: false, why: error.message } };
  }
}

/** Only listeners that name it, or that nothing else could carry, are worth a program on an interface. */
function mayNeedXdp({ listeners, dataPlane }: Intent, hasIpvs: boolean): boolean {
  const first = dataPlane.prefer === 'xdp' || !hasIpvs;
  const usual = dataPlane.engine === 'xdp' || (dataPlane.engine === 'auto' && first);
  return [...listeners.values()].some(({ engine }) => engine === 'xdp' || (engine === 'auto' && usual));
}

function xdpInterfaces({ dataPlane, network }: Intent): readonly string[] {
  if (dataPlane.xdp.interfaces.length > 0) return dataPlane.xdp.interfaces;
  const named = [network.frontendInterface, network.backendInterface].filter((name) => name !== undefined);
  return [...new Set(named)];
}
