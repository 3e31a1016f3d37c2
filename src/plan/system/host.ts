// What preparing a machine needs from it, and how its parts are named. src/kernel/system does it for real.

export interface HostFile {
  readonly content: string;
  /** Octal text: `0644`. */
  readonly mode: string;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine. Reading gives undefined for what is not there; writing throws OpError when the machine refuses. */
export interface Host {
  readFile(path: string): HostFile | undefined;
  /** Replaces atomically; makes the folders above. */
  writeFile(path: string, file: HostFile): void;
  removeFile(path: string): void;
  readLink(path: string): string | undefined;
  writeLink(path: string, target: string): void;
  /** Names in a folder; empty where there is none. */
  list(path: string): readonly string[];
  /** Key as sysctl writes it; `/` separates where a name holds dots: `net/ipv4/conf/eth0.100/arp_ignore`. */
  readSysctl(key: string): string | undefined;
  writeSysctl(key: string, value: string): void;
  isModuleLoaded(name: string): boolean;
  loadModule(name: string): void;
  /** Runs a program of the machine to its end. */
  run(argv: readonly string[], input?: string): CommandResult;
}

/** Kinds of item in the order they are set up; taken down the other way round. */
export const HOST_KINDS = [
  'module',
  'fou-port',
  'device',
  'file',
  'link',
  'sysctl',
  'nft-table',
  'address',
] as const;
export type HostKind = (typeof HOST_KINDS)[number];

export function sysctlPath(key: string): string {
  return `/proc/sys/${key.includes('/') ? key : key.replaceAll('.', '/')}`;
}
