// What a daemon begins with where its files are not valid, not even with the objects of the API that they name: the last
// configuration that was in force. A node that boots serves.
import type { Intent } from '../../../model/intent.ts';
import { type ConfigSource, isGood, loadWith, toFileSet } from './config-source.ts';
import { keptRevision } from './kept-revision.ts';

/** Undefined where nothing is kept for this configuration, or it has become invalid too. */
export async function keptIntent(source: ConfigSource, mainPath: string): Promise<Intent | undefined> {
  const kept = await keptRevision((await source.read()).files, mainPath);
  if (kept === undefined) return undefined;
  const loaded = loadWith(source, toFileSet(source.parse(kept.files)), kept.objects);
  return isGood(loaded) ? loaded.intent : undefined;
}
