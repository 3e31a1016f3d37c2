// Builds the single executable: the pinned Node, our bundles, the FFI addon and the XDP object in one file.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.ts';

export interface ExecutableOptions {
  readonly root: string;
  readonly version: string;
  /** Where intermediate files go. */
  readonly work: string;
  readonly output: string;
}

const OBJECT = 'steelyard.bpf.o';

/** Node's own names of the processor, as koffi's packages use them. */
function addonOf(root: string): string {
  const { arch } = process;
  return join(root, `node_modules/@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`);
}

export async function buildExecutable(options: ExecutableOptions): Promise<void> {
  const { root, work, output } = options;
  const node = join(root, 'node_modules/node/bin/node');
  mkdirSync(work, { recursive: true });
  const { main, workers } = await bundle(root, options.version);
  // Names without folders: they end up in the executable, which must not depend on where it was built.
  writeFileSync(join(work, 'main.mjs'), main);
  const assets: Record<string, string> = { 'koffi.node': 'koffi.node' };
  copyFileSync(addonOf(root), join(work, 'koffi.node'));
  for (const [name, text] of workers) {
    const file = name.replaceAll('/', '-').replace(/\.ts$/, '.mjs');
    writeFileSync(join(work, file), text);
    assets[name] = file;
  }
  const object = join(root, 'build/bpf', OBJECT);
  if (existsSync(object)) {
    copyFileSync(object, join(work, OBJECT));
    assets[OBJECT] = OBJECT;
  }

  // Symbols go before the blob comes in: a strip afterwards breaks the file.
  copyFileSync(node, join(work, 'node'));
  execFileSync('strip', ['--strip-all', join(work, 'node')]);
  const settings = {
    main: 'main.mjs',
    mainFormat: 'module',
    executable: 'node',
    output: 'lbctl',
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    // As ./lbctl starts a daemon: with 32 MB its API waits longer for collections, and one-shot commands are no quicker.
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16'],
    // NODE_OPTIONS of a user's shell is none of our business.
    execArgvExtension: 'none',
    assets,
  };
  writeFileSync(join(work, 'sea.json'), JSON.stringify(settings, null, 2));
  // V8 salts its code cache with a random number; with a fixed one the same source makes the same bytes. The fixed hash
  // seed would do too, but V8 then refuses the cache when it starts.
  execFileSync(node, ['--random-seed=1', '--build-sea=sea.json'], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  rmSync(output, { force: true });
  renameSync(join(work, 'lbctl'), output);
}
