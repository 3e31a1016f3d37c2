// Builds the single executable: the pinned Node, our bundles, the FFI addon and the XDP object in one file.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.ts';

export interface ExecutableOptions {
  readonly root: string;
  readonly version: string;
  /** Where intermediate files go. */
  readonly work: string;
  readonly output: string;
}

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
  const mainFile = join(work, 'main.mjs');
  writeFileSync(mainFile, main);
  const assets: Record<string, string> = { 'koffi.node': addonOf(root) };
  for (const [name, text] of workers) {
    const file = join(work, name.replaceAll('/', '-').replace(/\.ts$/, '.mjs'));
    writeFileSync(file, text);
    assets[name] = file;
  }
  const object = join(root, 'build/bpf/steelyard.bpf.o');
  if (existsSync(object)) assets['steelyard.bpf.o'] = object;

  // Symbols go before the blob comes in: a strip afterwards breaks the file.
  const stripped = join(work, 'node');
  copyFileSync(node, stripped);
  execFileSync('strip', ['--strip-all', stripped]);
  const config = join(work, 'sea.json');
  const settings = {
    main: mainFile,
    mainFormat: 'module',
    executable: stripped,
    output,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=32'],
    // NODE_OPTIONS of a user's shell is none of our business.
    execArgvExtension: 'none',
    assets,
  };
  writeFileSync(config, JSON.stringify(settings, null, 2));
  rmSync(output, { force: true });
  execFileSync(node, [`--build-sea=${config}`], { stdio: ['ignore', 'ignore', 'inherit'] });
}
