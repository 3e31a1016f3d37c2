// The pairs under testdata: what tests import, and how.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { type ImportResult, importKeepalived } from './import-keepalived.ts';

const ROOT = join(import.meta.dirname, 'testdata');

export interface Sample {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

export function samples(): readonly Sample[] {
  return globSync('*.conf', { cwd: ROOT })
    .sort()
    .map((file) => ({
      name: basename(file, '.conf'),
      path: join(ROOT, file),
      text: readFileSync(join(ROOT, file), 'utf8'),
    }));
}

/** As the command does it, with paths that do not depend on where the checkout is. */
export function importSample(sample: Sample): ImportResult {
  return importKeepalived({
    file: basename(sample.path),
    text: sample.text,
    configId: 'main',
    readInclude: (pattern, from) => readFromTestdata(pattern, from),
  });
}

function readFromTestdata(pattern: string, from: string) {
  const folder = join(ROOT, dirname(from));
  return globSync(pattern, { cwd: folder })
    .sort()
    .map((file) => join(folder, file))
    .filter((path) => existsSync(path))
    .map((path) => ({ file: relative(ROOT, path), text: readFileSync(path, 'utf8') }));
}

export function goldenPath(sample: Sample, ending: string): string {
  return join(ROOT, `${sample.name}.${ending}`);
}
