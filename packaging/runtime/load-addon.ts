// Inside the executable: loads the FFI addon. The loader of the system takes files only, so the asset is written to a
// private folder, loaded and removed at once: nothing is left, and nobody else can put another file in its place.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assetBytes } from './assets.ts';
import { privateFolders } from './private-folders.ts';

const ADDON = 'koffi.node';

/** Called by koffi under this name; `undefined` would make it look on disk. */
export function loadStatic(): unknown {
  const faults: string[] = [];
  for (const folder of privateFolders()) {
    try {
      return loadFrom(folder);
    } catch (error) {
      faults.push(`${folder}: ${(error as Error).message}`);
    }
  }
  throw new Error(
    `Cannot load the FFI addon from any folder (LBCTL_UNPACK_DIR names another): ${faults.join('; ')}`,
  );
}

function loadFrom(folder: string): unknown {
  const own = mkdtempSync(join(folder, '.lbctl-'));
  try {
    const path = join(own, ADDON);
    writeFileSync(path, assetBytes(ADDON), { mode: 0o500, flag: 'wx' });
    const module = { exports: {} };
    process.dlopen(module, path);
    return module.exports;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
