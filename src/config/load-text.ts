// Texts -> parsed files -> Intent: the whole reading side in one call, for doors, tests and benchmarks.
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Environment } from './expand.ts';
import { type LoadOptions, type LoadResult, loadConfig, tellWith } from './load.ts';
import type { ParsedFile, Source } from './source.ts';
import { parseYaml } from './yaml/parse-yaml.ts';

/** Syntax faults of all files together; what has none is read further, so that both are told in one run. */
export function loadTexts(
  sources: readonly Source[],
  env: Environment = {},
  options: LoadOptions = {},
): LoadResult {
  const parsed: ParsedFile[] = [];
  const faults: Diagnostic[] = [];
  let complete = true;
  for (const source of sources) {
    const result = parseYaml(source);
    if (result.ok) {
      parsed.push(result.file);
      faults.push(...result.warnings);
    } else {
      faults.push(...result.diagnostics);
      complete = false;
    }
  }
  // Half a configuration would raise faults of its own: names in the file that cannot be read look unknown.
  if (!complete) return { diagnostics: faults, written: [] };
  const loaded = loadConfig(parsed, env, options);
  return tellWith(loaded, [...faults, ...loaded.diagnostics]);
}
