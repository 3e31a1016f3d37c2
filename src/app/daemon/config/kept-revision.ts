// What a daemon had in force last with a main file, found before anything is known of the node: in its state.db.
import { join, resolve } from 'node:path';
import { peekRevisions } from '../../../cluster/peek-revisions.ts';
import { DEFAULTS } from '../../../config/defaults.ts';
import { expand } from '../../../config/expand.ts';
import type { ParsedFile } from '../../../config/source.ts';
import type { RevisionContent } from '../../../engine/config-port.ts';
import { readTextFile } from '../../text-files.ts';

/** Undefined where nothing is kept for this configuration, or not for who asks. */
export async function keptRevision(
  parsed: readonly ParsedFile[],
  mainPath: string,
): Promise<RevisionContent | undefined> {
  for (const folder of await stateDirsOf(parsed, mainPath)) {
    const kept = ownIn(folder, mainPath);
    if (kept !== undefined) return kept;
  }
  return undefined;
}

/** The main file of the configuration whose folder this one's `state_dir` is, and how many objects of the API belong to it. */
export async function keptForAnother(
  parsed: readonly ParsedFile[],
  mainPath: string,
): Promise<{ readonly main: string; readonly objects: number } | undefined> {
  const [folder] = await stateDirsOf(parsed, mainPath);
  const kept = folder === undefined ? undefined : lastIn(folder);
  const main = kept?.files.find(({ role }) => role === 'main')?.file;
  if (kept === undefined || main === undefined || resolve(main) === resolve(mainPath)) return undefined;
  return { main: resolve(main), objects: kept.objects.length };
}

/** Undefined where it is of another configuration: the one whose folder this is. */
function ownIn(folder: string, mainPath: string): RevisionContent | undefined {
  const kept = lastIn(folder);
  const isOurs = kept?.files.some(({ file, role }) => role === 'main' && resolve(file) === resolve(mainPath));
  return isOurs === true ? kept : undefined;
}

function lastIn(folder: string): RevisionContent | undefined {
  return peekRevisions(join(folder, 'state.db'), (revisions) => {
    const last = revisions.last();
    return last === undefined ? undefined : revisions.content(last.number);
  });
}

/** Where it may be, the likeliest first: whose it is shows what stands there, so a wrong guess does no harm. */
async function stateDirsOf(parsed: readonly ParsedFile[], mainPath: string): Promise<readonly string[]> {
  const main = parsed.find(({ source }) => source.role === 'main');
  const { system } = (main?.value ?? {}) as { system?: { state_dir?: unknown } | null };
  const said: readonly unknown[] =
    main === undefined ? stateDirsIn(await readTextFile(mainPath).catch(() => '')) : [system?.state_dir];
  const folders = said.flatMap((one) => (typeof one === 'string' ? [expand(one, process.env).value] : []));
  return [...new Set([...folders.map(String), DEFAULTS.system.stateDir])];
}

/** A file that is no YAML still says what its writer meant. */
export function stateDirsIn(text: string): readonly string[] {
  const found = text.matchAll(
    /\bstate_dir["']?\s*:\s*(?:"([^"\n]+)"|'([^'\n]+)'|((?:\$\{\w+\}|[^\s,}#"'])+))/g,
  );
  return [...found].flatMap(([, ...ways]) => ways.filter((way) => way !== undefined));
}
