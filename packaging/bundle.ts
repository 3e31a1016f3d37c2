// Bundles lbctl and each of its Workers into one module apiece, with nothing left to find on disk when it runs.
import { readFile } from 'node:fs/promises';
import { dirname, join, posix, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

const MAIN = 'src/app/main.ts';
/** What every bundle of ours asks Node for: the pinned release and nothing older. */
const TARGET = 'node26';

export interface Bundle {
  readonly main: string;
  /** Text of each Worker by the file it came from, as the executable's assets name it. */
  readonly workers: ReadonlyMap<string, string>;
}

/** `new URL('./worker.ts', import.meta.url)`: how the source names the entry of a Worker. */
const WORKER_URL = /new URL\(\s*'(\.{1,2}\/[^']+\.ts)',\s*import\.meta\.url,?\s*\)/g;
/** The source's own module of what comes with it; a release has another (runtime/shipped.ts). */
const SHIPPED = 'src/app/shipped.ts';

export interface Rewritten {
  readonly text: string;
  readonly workers: readonly string[];
}

/** A source file without a word about where it stands; throws on a use of `import.meta` that it does not know. */
export function rewriteSource(file: string, text: string): Rewritten {
  const workers: string[] = [];
  let result = text.replace(WORKER_URL, (_whole, path: string) => {
    const worker = posix.join(posix.dirname(file), path);
    workers.push(worker);
    return `__workerUrl(${JSON.stringify(worker)})`;
  });
  if (workers.length > 0) result = `import { workerUrl as __workerUrl } from 'lbctl:assets';${result}`;
  if (result.includes('import.meta'))
    throw new Error(`Cannot bundle ${file}: it uses import.meta in a way packaging/bundle.ts does not know`);
  return { text: result, workers };
}

export async function bundle(root: string, version: string): Promise<Bundle> {
  const waiting = new Set<string>();
  const workers = new Map<string, string>();
  const main = await bundleOne(root, MAIN, version, waiting);
  for (const worker of waiting) workers.set(worker, await bundleOne(root, worker, version, waiting));
  return { main, workers: new Map([...workers].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

async function bundleOne(root: string, entry: string, version: string, found: Set<string>): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: TARGET,
    minifySyntax: true,
    minifyWhitespace: true,
    // Names are not shortened: a stack trace from the field must be readable.
    minifyIdentifiers: false,
    legalComments: 'none',
    logLevel: 'error',
    // Given to all alike: for a file that both a plugin and esbuild resolve, it else depends on who comes first.
    tsconfigRaw: await readFile(join(root, 'tsconfig.json'), 'utf8'),
    define: { LBCTL_VERSION: JSON.stringify(version) },
    banner: {
      // A single executable and a data: URL have no folder; only modules of Node itself are ever asked for.
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire('file:///lbctl');",
    },
    plugins: [ownSource(root, found), koffiAddon(), assets(), modulesOfNode()],
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`Cannot bundle ${entry}: esbuild returned nothing`);
  return output.text;
}

function ownSource(root: string, found: Set<string>): Plugin {
  return {
    name: 'own-source',
    setup(context) {
      context.onLoad({ filter: /\/(src|lab)\/.*\.ts$/ }, async ({ path }) => {
        const file = relative(root, path);
        if (file.startsWith('node_modules')) return undefined;
        if (file === SHIPPED) return { contents: "export * from 'lbctl:shipped';", loader: 'ts' };
        const { text, workers } = rewriteSource(file, await readFile(path, 'utf8'));
        for (const worker of workers) found.add(worker);
        return { contents: text, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
}

/** koffi asks "./src/static.js" for an addon that is linked in; ours answers with the unpacked asset. */
function koffiAddon(): Plugin {
  return {
    name: 'koffi-addon',
    setup(context) {
      context.onResolve({ filter: /static\.js$/ }, ({ importer }) =>
        importer.includes('/koffi/')
          ? { path: join(import.meta.dirname, 'runtime/load-addon.ts') }
          : undefined,
      );
      // What is left of it only matters when the addon is looked for on disk.
      context.onLoad({ filter: /\/koffi\/src\/koffi\/index\.js$/ }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8'))
          .replaceAll('import.meta.url', '"file:///lbctl"')
          .replaceAll('import.meta.dirname', '"/"'),
        loader: 'js',
        resolveDir: dirname(path),
      }));
    },
  };
}

/** Modules that only an executable has. */
function assets(): Plugin {
  return {
    name: 'assets',
    setup(context) {
      context.onResolve({ filter: /^lbctl:/ }, ({ path }) => ({
        path: join(import.meta.dirname, 'runtime', `${path.slice('lbctl:'.length)}.ts`),
      }));
    },
  };
}

/**
 * A bundle names every module of Node at its head, and each is loaded for the shortest command: a third of its time. Here they
 * are parts of the bundle like ours, taken when a part that imports them is first used.
 */
function modulesOfNode(): Plugin {
  return {
    name: 'modules-of-node',
    setup(context) {
      context.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
        kind === 'import-statement' ? { path, namespace: 'of-node' } : undefined,
      );
      context.onLoad({ filter: /^node:/, namespace: 'of-node' }, ({ path }) => ({
        contents: lazyModule(path),
        loader: 'js',
      }));
    },
  };
}

/** Calls without effect, so that names nobody imports are left out: reading some of them loads more, or warns. */
function lazyModule(path: string): string {
  const exported = Object.keys(process.getBuiltinModule(path) ?? {}).map(
    (name) => `export const ${name} = /* @__PURE__ */ (() => own.${name})();`,
  );
  return `const own = process.getBuiltinModule('${path}'); export default own; ${exported.join('')}`;
}
