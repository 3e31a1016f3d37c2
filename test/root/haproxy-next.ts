// The HAProxy of the next Debian, unpacked once into a cache and run in a root of its own: what is newer than this machine's.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { exec, mustSync } from '../../lab/process.ts';
import { guestCacheDir } from '../vm/harness/guest-kernel.ts';

const SUITE = 'trixie';
const UNPACK_MS = 240_000;

/** A program that runs it: same arguments, same paths below the folder of temporary files. */
export async function nextHaproxy(): Promise<string> {
  const cache = guestCacheDir();
  const root = join(cache, `haproxy-${SUITE}`);
  const program = join(root, 'run');
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'unpack-haproxy-'));
  try {
    // Nothing of it is configured: only the files of the package and of what it needs.
    mustSync(['mmdebstrap', '--quiet', '--variant=extract', '--include=haproxy', SUITE, work], {
      timeoutMs: UNPACK_MS,
    });
    for (const file of ['passwd', 'group']) writeFileSync(join(work, 'etc', file), '');
    // Made by a script of the base system, which has not run; the loader is looked for below /lib64.
    for (const folder of ['bin', 'lib', 'lib64', 'sbin'])
      if (!existsSync(join(work, folder))) symlinkSync(`usr/${folder}`, join(work, folder));
    writeFileSync(join(work, 'run'), script(root), { mode: 0o755 });
    renameSync(work, root);
  } catch (cause) {
    // Whoever renames first wins; a second one at the same time made the same thing.
    if (!existsSync(program)) throw cause;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}

/** Its files, with the users, devices and temporary files of this machine laid over them; gone with the process. */
function script(root: string): string {
  return `#!/bin/sh
exec unshare --mount --propagation private -- sh -c '
root=$1; shift
for file in /etc/passwd /etc/group; do mount --bind $file $root$file; done
for folder in /dev /proc ${tmpdir()}; do mkdir -p $root$folder; mount --rbind $folder $root$folder; done
exec chroot $root /usr/sbin/haproxy "$@"' sh ${root} "$@"
`;
}

export interface H3Answer {
  /** Every frame and header as the client tells them. */
  readonly said: string;
  readonly body: string;
}

/** A real HTTP/3 client; what it gets it keeps in a folder, by the last part of the path. */
export async function askH3(host: string, port: number, url: string): Promise<H3Answer> {
  const folder = mkdtempSync(join(tmpdir(), 'sy-h3-'));
  try {
    const { stdout, stderr } = await exec(
      [
        'gtlsclient',
        '--exit-on-all-streams-close',
        '--no-quic-dump',
        '--timeout=10s',
        '--handshake-timeout=10s',
        `--download=${folder}`,
        host,
        String(port),
        url,
      ],
      { timeoutMs: 30_000 },
    );
    const file = join(folder, basename(new URL(url).pathname));
    return { said: stdout + stderr, body: existsSync(file) ? readFileSync(file, 'utf8') : '' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
