// Provides what a booted machine has and this one may lack: systemd and every network manager of Debian, fetched once into the
// cache and unpacked there, never installed: a network manager that starts here would take over the network of this machine.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { guestCacheDir } from '../../vm/harness/guest-kernel.ts';

const PACKAGES = ['systemd', 'dbus', 'ifupdown', 'network-manager'];
/** Folders that Debian joined with those below /usr; packages of Debian 12 still bring both. */
const MERGED = ['bin', 'lib', 'sbin'];

/** A folder with `etc`, `usr` and `var` to lay over those of this machine. */
export function bootParts(cache: string = guestCacheDir()): string {
  const folder = join(cache, 'boot-parts-1');
  if (!existsSync(folder)) fetchParts(cache, folder);
  return folder;
}

function fetchParts(cache: string, folder: string): void {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'unpack-'));
  try {
    const archives = join(work, 'archives');
    mkdirSync(join(archives, 'partial'), { recursive: true });
    execFileSync(
      'apt-get',
      [
        ...['-y', '-q', 'install', '--no-install-recommends', '--download-only', '--reinstall'],
        ...[
          '-o',
          `Dir::Cache::archives=${archives}`,
          '-o',
          'Debug::NoLocking=1',
          '-o',
          'APT::Sandbox::User=root',
        ],
        ...PACKAGES,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const root = join(work, 'root');
    for (const top of ['etc', 'usr', 'var']) mkdirSync(join(root, top), { recursive: true });
    for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb')))
      execFileSync('dpkg', ['-x', join(archives, name), root]);
    for (const name of MERGED.filter((one) => existsSync(join(root, one)))) {
      cpSync(join(root, name), join(root, 'usr', name), { recursive: true, verbatimSymlinks: true });
      rmSync(join(root, name), { recursive: true });
    }
    renameSync(root, folder);
  } catch (cause) {
    throw new Error(
      `Cannot provide network managers as packages "${PACKAGES.join(' ')}" could not be fetched: ${String(cause)}`,
      { cause },
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
