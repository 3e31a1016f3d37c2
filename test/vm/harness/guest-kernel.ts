// Provides the guest's kernel: Debian's own package, fetched once and unpacked into a cache keyed by its version.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { extractVmlinux } from './vmlinux.ts';

export interface GuestKernel {
  /** `6.1.0-56-amd64` */
  readonly release: string;
  /** The plain kernel, not the self-unpacking boot image. */
  readonly image: string;
  /** Folder that stands for /lib/modules. */
  readonly modules: string;
}

const META_PACKAGE = 'linux-image-amd64';

export function guestCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.STEELYARD_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'steelyard');
}

/** The newest kernel in the cache; only an empty cache asks the package manager. */
export function guestKernel(cache: string = guestCacheDir()): GuestKernel {
  return cachedKernel(cache) ?? fetchKernel(cache);
}

function cachedKernel(cache: string): GuestKernel | undefined {
  if (!existsSync(cache)) return undefined;
  const folders = readdirSync(cache).filter((name) => name.startsWith('kernel-'));
  folders.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const newest = folders.at(-1);
  return newest === undefined ? undefined : describeKernel(join(cache, newest));
}

function describeKernel(folder: string): GuestKernel {
  const modules = modulesFolder(folder);
  const release = readdirSync(modules)[0] ?? '';
  return { release, image: join(folder, 'vmlinux'), modules };
}

/** Debian 12 packs /lib/modules, Debian 13 /usr/lib/modules. */
function modulesFolder(folder: string): string {
  const merged = join(folder, 'usr/lib/modules');
  return existsSync(merged) ? merged : join(folder, 'lib/modules');
}

function fetchKernel(cache: string): GuestKernel {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'unpack-'));
  try {
    const name = kernelPackage();
    execFileSync('apt-get', ['download', name], { cwd: work, stdio: ['ignore', 'ignore', 'pipe'] });
    const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
    if (archive === undefined)
      throw new Error(`Cannot unpack package "${name}" as no archive was downloaded`);
    const root = join(work, 'root');
    execFileSync('dpkg', ['-x', join(work, archive), root]);
    const release = readdirSync(modulesFolder(root))[0] ?? '';
    // depmod looks below lib/modules of the folder it is given.
    const base = join(modulesFolder(root), '../..');
    execFileSync('depmod', ['-b', base, release]);
    writeFileSync(join(root, 'vmlinux'), extractVmlinux(readFileSync(join(root, `boot/vmlinuz-${release}`))));
    return keep(root, join(cache, `kernel-${archive.split('_')[1]!}`));
  } catch (cause) {
    throw new Error(
      `Cannot provide a guest kernel as package "${META_PACKAGE}" could not be fetched: ${String(cause)}`,
      { cause },
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Whoever renames first wins; a second fetch at the same time made the same thing. */
function keep(root: string, target: string): GuestKernel {
  try {
    renameSync(root, target);
  } catch (cause) {
    if (!existsSync(join(target, 'vmlinux'))) throw cause;
  }
  return describeKernel(target);
}

/** The meta package depends on the one package that holds the newest kernel. */
function kernelPackage(): string {
  const text = execFileSync('apt-cache', ['depends', META_PACKAGE], { encoding: 'utf8' });
  const name = /Depends: (linux-image-\S+)/.exec(text)?.[1];
  if (name === undefined)
    throw new Error(`Cannot find the kernel behind package "${META_PACKAGE}": run "apt-get update"`);
  return name;
}
