// The version this tree has; a package carries it written in (packaging/bundle.ts).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function versionOf(): string {
  const path = join(import.meta.dirname, '../../package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
