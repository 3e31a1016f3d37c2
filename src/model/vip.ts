// A virtual address and where it lives.
import type { Mode } from './protocol.ts';

export interface Vip {
  readonly name: string;
  /** Canonical text of the address, no prefix: `192.0.2.10`, `2001:db8::10`. */
  readonly address: string;
  /** Prefix length put on the interface; 32 or 128 unless asked otherwise. */
  readonly prefixLength: number;
  /** Frontend interface that carries it; absent means the node's `network.frontend.interface`. */
  readonly interface?: string;
  /** Which HA group moves it; absent means the only one, or none. */
  readonly group?: string;
  /** False leaves the address to somebody else (keepalived by hand, an appliance): we only verify it. */
  readonly manage: boolean;
  /** Announce as a host route by BGP when a listener on it can serve. */
  readonly advertise: boolean;
}

/** Defaults of a listener that names none. */
export interface DataPlaneDefaults {
  readonly engine: 'auto' | 'ipvs' | 'xdp' | 'haproxy' | 'memory';
  readonly mode: Mode;
}
