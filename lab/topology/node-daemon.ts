// How a node's daemon is started in its host: with BPF pins of its own, and FRR's sockets of that host alone.
import { mkdirSync } from 'node:fs';
import type { Host } from '../netns.ts';
import { type Topology, usesFrr } from './topology.ts';

export interface NodeDaemonOptions {
  readonly topology: Topology;
  readonly host: Host;
  /** The command line of lbctl. */
  readonly lbctl: readonly string[];
  readonly config: string;
  readonly bpfDir: string;
  /** Where FRR's sockets of this host are. */
  readonly frrDir: string;
}

const FRR_DIR = '/var/run/frr';

/** To be spawned in the namespace of the caller: nsenter, as "ip netns exec" mounts a /sys, and with it other BPF pins. */
export function nodeDaemonArgv(options: NodeDaemonOptions): readonly string[] {
  const { topology, host, lbctl, config, frrDir } = options;
  const enter = ['nsenter', `--net=/run/netns/${host.namespace}`];
  const daemon = [...lbctl, 'daemon', '-c', config];
  if (!usesFrr(topology)) return [...enter, ...daemon];
  mkdirSync(FRR_DIR, { recursive: true });
  const mounts = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$1" "$2" && shift 2 && exec "$@"', 'sh'];
  return [...enter, ...mounts, frrDir, FRR_DIR, ...daemon];
}

export function nodeDaemonEnv({ bpfDir }: Pick<NodeDaemonOptions, 'bpfDir'>): NodeJS.ProcessEnv {
  return { ...process.env, LBCTL_BPF_DIR: bpfDir };
}
