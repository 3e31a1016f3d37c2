// What commands need from the rest of the house. app/wiring provides it; commands import nothing deeper than model and plan.
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Driver, StepResult } from '../model/driver.ts';
import type { Facts } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Plan } from '../model/plan.ts';
import type { ConcreteEngine } from '../model/protocol.ts';
import type { ApiRole } from '../model/settings.ts';
import type { HostTools } from '../plan/system/host-tools.ts';
import type { LabTool } from './lab-tool.ts';

export interface LoadedConfig {
  /** Absent when there are errors. */
  readonly intent?: Intent;
  readonly diagnostics: readonly Diagnostic[];
  /** SHA-256 over the canonical JSON of the Intent. */
  readonly hash?: string;
  readonly files: readonly string[];
  /** So many objects of the API stand beside them. */
  readonly apiObjects?: number;
  /** Its state_dir is that of another main file, whose daemon keeps so many. */
  readonly another?: { readonly main: string; readonly objects: number };
}

export interface FormattedConfig {
  /** The canonical form with its comments; absent when the text cannot be read. */
  readonly text?: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** What became of one directive. */
export interface ImportNote {
  readonly kind: 'carried' | 'changed' | 'not carried';
  readonly file: string;
  readonly line: number;
  readonly directive: string;
  readonly message: string;
}

export interface ImportedConfig {
  /** Our YAML; absent when the file cannot be read at all. */
  readonly text?: string;
  readonly notes: readonly ImportNote[];
  readonly diagnostics: readonly Diagnostic[];
}

/** `machine`: what this host has, made ready to serve. `look`: the same, and nothing changes by opening it. `memory`: one table for everything. `paper`: drivers that plan and never touch a thing. */
export type PlanesChoice = 'machine' | 'look' | 'memory' | 'paper';

export interface Planes {
  readonly drivers: readonly Driver[];
  readonly engines: Facts['engines'];
  close(): Promise<void>;
}

export interface DaemonCommand {
  readonly configPath: string;
  /** Loaded from there and valid, or what a daemon kept. */
  readonly intent: Intent;
  readonly engine?: ConcreteEngine;
}

export const PKI_USES = ['server', 'client', 'peer'] as const;
export type PkiUse = (typeof PKI_USES)[number];

export interface IssueRequest {
  readonly name: string;
  readonly use: PkiUse;
  /** Of a client: what it may do. */
  readonly role?: ApiRole | undefined;
  /** Host names, addresses and URIs it is good for. */
  readonly names: readonly string[];
  readonly days: number;
}

export interface PkiCertificate {
  readonly name: string;
  readonly use: PkiUse | 'authority';
  readonly role?: ApiRole;
  readonly names: readonly string[];
  readonly serial: string;
  readonly state: 'valid' | 'renewed' | 'expired' | 'revoked';
  readonly issuedMs: number;
  readonly notAfterMs: number;
  readonly revokedMs?: number;
  /** Paths. */
  readonly certificate: string;
  readonly key: string;
}

/** An authority in a folder. */
export interface Pki {
  init(options: { readonly name: string; readonly days: number }): PkiCertificate;
  issue(request: IssueRequest): PkiCertificate;
  /** The same names and use, a new key. */
  renew(name: string, days?: number): PkiCertificate;
  revoke(name: string): PkiCertificate;
  /** The authority first. */
  list(): readonly PkiCertificate[];
}

export interface Toolbox {
  readonly version: string;
  /**
   * Secret files that cannot be read are errors where secrets are `needed`; elsewhere warnings, so that a configuration can
   * be looked at on a machine that has none of its keys. `kept`: with the objects of the API that the daemon of this
   * configuration keeps, as far as we may read them; it judges both together.
   */
  loadConfig(
    path: string,
    secrets?: 'needed' | 'wished',
    objects?: 'without' | 'kept' | { readonly of: string },
  ): Promise<LoadedConfig>;
  formatConfig(file: string, text: string): Promise<FormattedConfig>;
  /** `configId` is what keepalived is started with as `--config-id`. */
  importKeepalived(path: string, configId?: string): Promise<ImportedConfig>;
  /** As text for people, with its summary as the last line; empty for none. */
  renderDiagnostics(
    diagnostics: readonly Diagnostic[],
    options: { readonly colour: boolean; readonly width: number },
  ): Promise<string>;
  /** JSON Schema of the configuration. */
  configSchema(): Promise<unknown>;
  /** The Intent names the folders and settings that drivers of a machine need. */
  openPlanes(choice: PlanesChoice, intent?: Intent): Promise<Planes>;
  /** Applies what no guard holds, phase by phase. Exactly one result per step applied. */
  applyPlan(planes: Planes, plan: Plan): Promise<readonly StepResult[]>;

  /** What a daemon had in force with this file, and can have again though it is not valid now. */
  loadKept(path: string, secrets: 'needed' | 'wished'): Promise<Intent | undefined>;

  /** Serves until a signal stops it. */
  runDaemon(command: DaemonCommand): Promise<void>;

  /** Networks of namespaces to try things in. */
  openLab(): Promise<LabTool>;

  /** This machine's own settings. */
  openHost(): Promise<HostTools>;

  openPki(folder: string): Promise<Pki>;
  /** What a program of the machine says; rejects where it is missing, fails or takes too long. */
  runTool(command: readonly string[]): Promise<string>;
  /** A new file, or a replaced one, that only we may read. */
  writePrivate(path: string, content: Uint8Array): Promise<void>;

  /** Throws InputError CONFIG_UNREADABLE. */
  readText(path: string): Promise<string>;
  /** Replaces the file in one step, keeping its mode. */
  writeText(path: string, text: string): Promise<void>;
  nowMs(): number;
  readonly stdout: {
    write(text: string): void;
    readonly isTTY: boolean;
    readonly columns: number;
    /** Aborted when nobody reads any more (`lbctl events -f | head -1`): what would never end by itself ends then. */
    readonly readerGone: AbortSignal;
  };
  readonly stdin: { readonly isTTY: boolean };
  readonly stderr: { write(text: string): void; readonly isTTY: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}
