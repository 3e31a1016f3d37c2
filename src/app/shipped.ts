// What comes with the program beside its code. A release has no files around it: packaging/bundle.ts puts another module here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export function versionOf(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Path of the XDP program's object, built or not. */
export function xdpObject(): string {
  return join(ROOT, 'build/bpf/steelyard.bpf.o');
}

/** What starts this very program again. */
export function selfArgv(): readonly string[] {
  return [join(ROOT, 'lbctl')];
}

/** The labs stand outside src, as nothing of the product needs them; this is the one door to them. */
export async function loadLab(): Promise<typeof import('../../lab/tool/open-lab-tool.ts')> {
  return import('../../lab/tool/open-lab-tool.ts');
}
