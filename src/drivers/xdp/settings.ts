// Writes the program's configuration: time, ports, addresses, limits. The shifts come from the kernel's own tick length.

import { possibleCpus } from '../../kernel/bpf/cpus.ts';
import { toBytes } from '../../lib/ip.ts';
import { CONFIG, FLOW_STATES, type FlowState, TICK_MASK } from './layout.ts';

export interface PlaneSettings {
  /** 128 bits, the same on every node of a cluster. */
  readonly seed: readonly [bigint, bigint];
  readonly timeoutsMs: Readonly<Record<FlowState, number>>;
  /** New flows a second and CPU that get state; 0 is no guard. */
  readonly floodPerSecond: number;
  readonly natPorts: { readonly from: number; readonly to: number };
  /** Outer source of plain tunnels: this network, the flow decides the host bits. */
  readonly tunnelSource4: { readonly address: string; readonly length: number };
  /** The flow decides the last 32 bits. */
  readonly tunnelSource6: string;
  readonly own4?: string;
  readonly own6?: string;
  /** Frames leave by redirect even where they came in: an interface is veth (bpf/emit.h). */
  readonly redirects?: boolean;
}

/**
 * Ports: below the ephemeral range of Linux (32768 on), so that the node's own connections never meet ours. Outer
 * sources: the benchmark network of RFC 2544 and the discard-only prefix of RFC 6666, that nobody routes.
 */
export const DEFAULT_SETTINGS: PlaneSettings = {
  seed: [0x5354_4545_4c59_4152n, 0x4420_7864_7020_3031n],
  timeoutsMs: {
    new: 60_000,
    replied: 60_000,
    established: 900_000,
    'fin-client': 120_000,
    'fin-member': 120_000,
    closed: 10_000,
    datagram: 300_000,
    association: 900_000,
  },
  floodPerSecond: 250_000,
  natPorts: { from: 1024, to: 32_767 },
  tunnelSource4: { address: '198.18.0.0', length: 16 },
  tunnelSource6: '100::',
};

export interface Clock {
  readonly tickShift: number;
  readonly windowShift: number;
  readonly tickSeconds: number;
  readonly windowSeconds: number;
}

/** Shifts of the jiffies counter that make a tick about 4 s and a window about 1 s. */
export function clockOf(kernelTickNs: number): Clock {
  const windowShift = Math.round(Math.log2(1e9 / kernelTickNs));
  const windowSeconds = (2 ** windowShift * kernelTickNs) / 1e9;
  return { tickShift: windowShift + 2, windowShift, tickSeconds: windowSeconds * 4, windowSeconds };
}

export function writeSettings(memory: ArrayBuffer, settings: PlaneSettings, clock: Clock): void {
  const view = new DataView(memory);
  const bytes = new Uint8Array(memory);
  const u32 = (offset: number, value: number) => view.setUint32(offset, value, true);
  view.setBigUint64(CONFIG.seed, settings.seed[0], true);
  view.setBigUint64(CONFIG.seed + 8, settings.seed[1], true);
  u32(CONFIG.tickShift, clock.tickShift);
  u32(CONFIG.windowShift, clock.windowShift);
  FLOW_STATES.forEach((state, index) => {
    const ticks = Math.ceil(settings.timeoutsMs[state] / 1000 / clock.tickSeconds);
    // The age of a flow is told in 12 bits; half of them keep "old" and "from before the wrap" apart.
    u32(CONFIG.timeout + index * 4, Math.min(ticks, TICK_MASK >> 1));
  });
  u32(CONFIG.floodPerWindow, Math.ceil(settings.floodPerSecond * clock.windowSeconds));
  const cpus = possibleCpus();
  u32(CONFIG.natPortFrom, settings.natPorts.from);
  u32(CONFIG.natPortSpan, Math.floor((settings.natPorts.to - settings.natPorts.from + 1) / cpus));
  u32(CONFIG.natCpus, cpus);
  bytes.set(toBytes(settings.tunnelSource4.address), CONFIG.tunnelSource4);
  u32(CONFIG.tunnelMask4, 2 ** (32 - settings.tunnelSource4.length) - 1);
  bytes.set(toBytes(settings.tunnelSource6), CONFIG.tunnelSource6);
  if (settings.own4 !== undefined) bytes.set(toBytes(settings.own4), CONFIG.own4);
  if (settings.own6 !== undefined) bytes.set(toBytes(settings.own6), CONFIG.own6);
  // One lookup more for packets that are not ours; without it a listener added later would lose its first replies.
  u32(CONFIG.hasNat, 1);
  u32(CONFIG.redirects, settings.redirects ? 1 : 0);
}
