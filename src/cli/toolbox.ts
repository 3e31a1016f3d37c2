// What commands need from the rest of the house. app/wiring provides it; commands import nothing deeper than model and plan.
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Intent } from '../model/intent.ts';

export interface LoadedConfig {
  /** Absent when there are errors. */
  readonly intent?: Intent;
  readonly diagnostics: readonly Diagnostic[];
  /** SHA-256 over the canonical JSON of the Intent. */
  readonly hash?: string;
  readonly files: readonly string[];
}

export interface Toolbox {
  loadConfig(path: string): Promise<LoadedConfig>;
  readonly stdout: { write(text: string): void; readonly isTTY: boolean; readonly columns: number };
  readonly stderr: { write(text: string): void; readonly isTTY: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}
