// Parsed files to an Intent with what this machine knows: its name, its environment, the secrets it may read.
import { hostname } from 'node:os';
import { type LoadResult, loadConfig, tellWith } from '../config/load.ts';
import type { ParsedFile } from '../config/source.ts';
import { readSecretFile } from './text-files.ts';

/** `wished`: a configuration can be looked at on a machine that has none of its keys. */
export type SecretNeed = 'needed' | 'wished';

const UNREADABLE_SECRET = 'secret-unreadable';

export function loadParsed(
  files: readonly ParsedFile[],
  secrets: SecretNeed,
  before?: readonly ParsedFile[],
): LoadResult {
  const hostName = hostname();
  const known = before === undefined ? {} : { before };
  const loaded = loadConfig(files, process.env, { hostName, readSecret: readSecretFile, ...known });
  // Such a secret is an error: where there is none, nobody needs to look for it.
  if (loaded.intent !== undefined) return loaded;
  const unreadable = loaded.diagnostics.filter((one) => one.rule === UNREADABLE_SECRET);
  if (secrets === 'needed' || unreadable.length === 0) return loaded;
  const without = loadConfig(files, process.env, { hostName, ...known });
  const doubts = unreadable.map((one) => ({ ...one, severity: 'warning' as const }));
  return tellWith(without, [...without.diagnostics, ...doubts]);
}
