// Inside the executable: what src/app/shipped.ts is in the source tree.
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getAssetKeys } from 'node:sea';
import { assetBytes } from './assets.ts';
import { privateFolders } from './private-folders.ts';

declare const LBCTL_VERSION: string;

const OBJECT = 'steelyard.bpf.o';
let unpacked: string | undefined;

export function versionOf(): string {
  return LBCTL_VERSION;
}

export function selfArgv(): readonly string[] {
  return [process.execPath];
}

export async function loadLab(): Promise<typeof import('../../lab/tool/open-lab-tool.ts')> {
  return import('../../lab/tool/open-lab-tool.ts');
}

/** The loader reads a file: ours has a name only for a moment, so that a killed process leaves nothing. */
export function xdpObject(): string {
  unpacked ??= getAssetKeys().includes(OBJECT) ? unpack() : `/usr/lib/lbctl/${OBJECT}`;
  return unpacked;
}

function unpack(): string {
  const faults: string[] = [];
  for (const folder of privateFolders()) {
    try {
      const own = mkdtempSync(join(folder, '.lbctl-'));
      try {
        const path = join(own, OBJECT);
        writeFileSync(path, assetBytes(OBJECT), { mode: 0o400, flag: 'wx' });
        // Open until the process ends; opened again through /proc by whoever loads it.
        return `/proc/self/fd/${openSync(path, 'r')}`;
      } finally {
        rmSync(own, { recursive: true, force: true });
      }
    } catch (error) {
      faults.push(`${folder}: ${(error as Error).message}`);
    }
  }
  throw new Error(
    `Cannot unpack the XDP program to any folder (LBCTL_UNPACK_DIR names another): ${faults.join('; ')}`,
  );
}
