// Tuning profiles: what each asks of the kernel for its size of machine. `none` asks nothing.
import type { TuningProfile } from '../../model/settings.ts';

export interface Profile {
  readonly sysctls: Readonly<Record<string, string>>;
  /** Size of the IPVS connection table, as a power of two; a parameter of the module, read when it loads. */
  readonly connTabBits?: number;
}

const MIB = 1 << 20;

/** Standing by with a VIP must not answer ARP for it, and flows must not stick to members that are gone. */
const SHARED: Readonly<Record<string, string>> = {
  'net.ipv4.conf.all.arp_ignore': '1',
  'net.ipv4.conf.all.arp_announce': '2',
};

export const PROFILES: Readonly<Record<TuningProfile, Profile>> = {
  none: { sysctls: {} },
  minimal: {
    connTabBits: 12,
    sysctls: { ...SHARED, 'net.core.somaxconn': '4096', 'net.ipv4.tcp_max_syn_backlog': '4096' },
  },
  balanced: {
    connTabBits: 18,
    sysctls: {
      ...SHARED,
      ...buffers(16 * MIB),
      'net.core.somaxconn': '32768',
      'net.ipv4.tcp_max_syn_backlog': '32768',
      'net.ipv4.tcp_tw_reuse': '1',
    },
  },
  aggressive: {
    connTabBits: 20,
    sysctls: {
      ...SHARED,
      ...buffers(128 * MIB),
      'net.core.netdev_max_backlog': '250000',
      'net.core.somaxconn': '65535',
      'net.ipv4.tcp_max_syn_backlog': '65535',
      'net.ipv4.tcp_tw_reuse': '1',
      'net.ipv4.tcp_window_scaling': '1',
    },
  },
};

function buffers(bytes: number): Readonly<Record<string, string>> {
  return { 'net.core.rmem_max': String(bytes), 'net.core.wmem_max': String(bytes) };
}
