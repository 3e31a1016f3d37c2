// The IPVS driver on the real machine, and the question whether this machine has IPVS at all.
import { join } from 'node:path';
import { FileJournal } from '../../kernel/journal.ts';
import { machineIdentity } from '../../kernel/machine-identity.ts';
import { IpvsKernel } from '../../kernel/netlink/ipvs-kernel.ts';
import { NftProcess } from '../../kernel/nft-process.ts';
import { Registry } from '../../kernel/registry.ts';
import { SysctlFiles } from '../../kernel/sysctl-files.ts';
import { LbError, whyOf } from '../../model/errors.ts';
import type { EngineFact } from '../../model/facts.ts';
import type { DataPlaneSettings } from '../../model/settings.ts';
import { IpvsDriver } from './ipvs-driver.ts';

export interface IpvsOpening {
  /** `system.state_dir`: where the record of what is ours lives. */
  readonly stateDir: string;
  /** `data_plane.ipvs`; absent leaves the machine's timeouts alone. */
  readonly timeouts?: DataPlaneSettings['ipvs'];
}

export function openIpvs({ stateDir, timeouts }: IpvsOpening): IpvsDriver {
  return new IpvsDriver({
    ipvs: new IpvsKernel(),
    nft: new NftProcess(),
    sysctl: new SysctlFiles(),
    registry: new Registry(new FileJournal(join(stateDir, 'ipvs.record')), machineIdentity()),
    ...(timeouts === undefined ? {} : { timeouts: toSeconds(timeouts) }),
  });
}

/** Asking makes the kernel load ip_vs where it has it. */
export function probeIpvs(): EngineFact {
  const kernel = new IpvsKernel();
  try {
    kernel.info();
    return { available: true };
  } catch (error) {
    if (!(error instanceof LbError)) throw error;
    return { available: false, why: whyOf(error) };
  } finally {
    kernel.close();
  }
}

/** The kernel counts whole seconds, and takes 0 for "leave it". */
function toSeconds(timeouts: DataPlaneSettings['ipvs']) {
  const seconds = (ms: number) => Math.max(1, Math.round(ms / 1000));
  return {
    tcpSeconds: seconds(timeouts.tcpTimeoutMs),
    tcpFinSeconds: seconds(timeouts.tcpFinTimeoutMs),
    udpSeconds: seconds(timeouts.udpTimeoutMs),
  };
}
