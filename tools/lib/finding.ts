// What a house check finds, and the one way all of them tell it and end.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Finding {
  readonly file: string;
  /** From 1; 0 where the whole file is meant. */
  readonly line: number;
  readonly message: string;
  readonly cure: string;
}

export const ROOT = join(import.meta.dirname, '../..');

/** The folders whose files are ours to check. */
export const SOURCES = '{src,tools,test,bench,lab,packaging}/**/*.ts';

export interface Text {
  readonly file: string;
  readonly text: string;
}

/** Files by glob, sorted, without what other programs or our goldens wrote. */
export function readTexts(root: string, glob: string): Text[] {
  return globSync(glob, { cwd: root, exclude: ['**/node_modules/**', '**/golden/**', '**/testdata/**'] })
    .sort()
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
}

export function report(findings: readonly Finding[]): void {
  for (const finding of findings)
    process.stdout.write(`${finding.file}:${finding.line}: ${finding.message}\n    cure: ${finding.cure}\n`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

/** True where a check was started by hand or by `make check`, not imported by its test. */
export function isMain(meta: ImportMeta): boolean {
  return meta.main;
}
