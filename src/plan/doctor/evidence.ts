// Everything the doctor may see, gathered once, so that every check is a function of it.

export interface LinkEvidence {
  readonly name: string;
  readonly up: boolean;
  readonly mtu: number;
  readonly addresses: readonly string[];
}

export interface FileEvidence {
  readonly path: string;
  /** Octal: `0640`; absent where there is no file. */
  readonly mode?: string;
  readonly uid?: number;
}

export interface Evidence {
  readonly kernel: string;
  /** Names of the capabilities this process has: `net_admin`. */
  readonly capabilities: readonly string[];
  readonly modules: Readonly<Record<string, 'loaded' | 'available' | 'missing'>>;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly links: readonly LinkEvidence[];
  readonly conntrack?: { readonly count: number; readonly max: number };
  readonly ipvs?: {
    /** Buckets of the connection table. */
    readonly tableSize: number;
    readonly connections: number;
  };
  /** Hardware addresses of others that answered for a VIP. */
  readonly otherHolders: readonly { readonly vip: string; readonly hardwareAddress: string }[];
  /** Undefined where the kernel does not tell. */
  readonly clockSynchronized?: boolean;
  readonly files: readonly FileEvidence[];
  /** Names of running programs that could write to the same tables. */
  readonly otherTools: readonly { readonly name: string; readonly pid: number }[];
  /** Version line of each program found, by name. */
  readonly programs: Readonly<Record<string, string>>;
}
