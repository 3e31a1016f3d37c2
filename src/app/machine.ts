// The drivers of this very machine, each opened only as far as the machine can carry it; why not is kept for Status.
import { join } from 'node:path';
import { AddressDriver } from '../drivers/address/address-driver.ts';
import { IpvsDriver } from '../drivers/ipvs/ipvs-driver.ts';
import { MemoryDriver } from '../drivers/memory/memory-driver.ts';
import { FileJournal } from '../kernel/journal.ts';
import { machineIdentity } from '../kernel/machine-identity.ts';
import { IpvsKernel } from '../kernel/netlink/ipvs-kernel.ts';
import { RouteKernel } from '../kernel/netlink/route-kernel.ts';
import { NftProcess } from '../kernel/nft-process.ts';
import { PacketNeighbours } from '../kernel/packet.ts';
import { Registry } from '../kernel/registry.ts';
import { SysctlFiles } from '../kernel/sysctl-files.ts';
import { systemClock } from '../lib/clock.ts';
import type { Driver } from '../model/driver.ts';
import type { EngineFact, Facts } from '../model/facts.ts';
import type { DataPlaneSettings } from '../model/settings.ts';
import { ALL_ENGINES } from '../plan/assumed-facts.ts';

export interface MachineOptions {
  /** Where the registries of what is ours live. */
  readonly stateDir: string;
  readonly dataPlane?: DataPlaneSettings;
}

export interface Machine {
  readonly drivers: readonly Driver[];
  readonly engines: Facts['engines'];
}

const NO_DRIVER: EngineFact = { available: false, why: 'this release has no driver for it' };

export function openMachine(options: MachineOptions): Machine {
  const registry = (name: string): Registry =>
    new Registry(new FileJournal(join(options.stateDir, `${name}.record`)), machineIdentity());
  const ipvs = openIpvs(registry('ipvs'), options.dataPlane);
  const sysctl = new SysctlFiles();
  const address = new AddressDriver({
    route: new RouteKernel(),
    neighbours: new PacketNeighbours(sysctl),
    registry: registry('address'),
    clock: systemClock,
  });
  const memory = new MemoryDriver({ name: 'memory', engines: ['memory'], addresses: false });
  return {
    drivers: [...(ipvs.driver === undefined ? [] : [ipvs.driver]), address, memory],
    engines: { ipvs: ipvs.fact, xdp: NO_DRIVER, haproxy: NO_DRIVER, memory: { available: true } },
  };
}

/** One table for everything, to try a configuration without touching the machine. */
export function memoryMachine(): Machine {
  return { drivers: [new MemoryDriver()], engines: ALL_ENGINES };
}

function openIpvs(
  registry: Registry,
  dataPlane: DataPlaneSettings | undefined,
): { driver?: Driver; fact: EngineFact } {
  try {
    const ipvs = new IpvsKernel();
    ipvs.info();
    const timeouts = dataPlane === undefined ? {} : { timeouts: timeoutsOf(dataPlane) };
    const driver = new IpvsDriver({
      ipvs,
      nft: new NftProcess(),
      sysctl: new SysctlFiles(),
      registry,
      ...timeouts,
    });
    return { driver, fact: { available: true } };
  } catch (error) {
    return { fact: { available: false, why: (error as Error).message } };
  }
}

/** The kernel counts in seconds. */
function timeoutsOf({ ipvs }: DataPlaneSettings) {
  const seconds = (ms: number): number => Math.round(ms / 1000);
  return {
    tcpSeconds: seconds(ipvs.tcpTimeoutMs),
    tcpFinSeconds: seconds(ipvs.tcpFinTimeoutMs),
    udpSeconds: seconds(ipvs.udpTimeoutMs),
  };
}
