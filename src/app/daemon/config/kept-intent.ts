// What a daemon begins with where its files alone are not valid: the same files with the objects of the API that they name, else
// the last configuration that was in force. A node that boots serves.
import { join } from 'node:path';
import { peekRevisions } from '../../../cluster/peek-revisions.ts';
import { DEFAULTS } from '../../../config/defaults.ts';
import type { Intent } from '../../../model/intent.ts';
import { type ConfigSource, type FileSet, isGood, loadWith, toFileSet } from './config-source.ts';

/** Undefined where nothing is kept for this configuration, or it has become invalid too. */
export async function keptIntent(source: ConfigSource, mainPath: string): Promise<Intent | undefined> {
  const disk = toFileSet(await source.read());
  const kept = peekRevisions(join(stateDirOf(disk), 'state.db'), (revisions) => {
    const last = revisions.last();
    return last === undefined ? undefined : revisions.content(last.number);
  });
  // Of another configuration: the one whose folder is the default.
  if (kept === undefined || !kept.files.some(({ file, role }) => role === 'main' && file === mainPath))
    return undefined;
  for (const files of [disk, toFileSet(source.parse(kept.files))]) {
    const loaded = loadWith(source, files, kept.objects);
    if (isGood(loaded)) return loaded.intent;
  }
  return undefined;
}

/** As far as the main file can be parsed. */
function stateDirOf({ parsed }: FileSet): string {
  const main = parsed.find(({ source }) => source.role === 'main');
  const { system } = (main?.value ?? {}) as { system?: { state_dir?: unknown } | null };
  const said = system?.state_dir;
  return typeof said === 'string' ? said : DEFAULTS.system.stateDir;
}
