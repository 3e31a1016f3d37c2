// Programs of the next Debian, unpacked once into a cache and run in a root of their own: what is newer than this machine's.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
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

/** A folder of programs that run those of the package: same arguments, same paths below /run and the folder of temporary files. */
export function nextPrograms(name: string, programs: readonly string[]): string {
  const cache = guestCacheDir();
  // Caches of earlier releases have another folder of programs in `${name}-${SUITE}`.
  const root = join(cache, `next-${name}-${SUITE}`);
  const folder = join(root, 'run-here');
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, `unpack-${name}-`));
  try {
    // Nothing of it is configured: only the files of the package and of what it needs.
    mustSync(['mmdebstrap', '--quiet', '--variant=extract', `--include=${name}`, SUITE, work], {
      timeoutMs: UNPACK_MS,
    });
    for (const file of ['passwd', 'group']) writeFileSync(join(work, 'etc', file), '');
    // Made by a script of the base system, which has not run; the loader is looked for below /lib64.
    for (const one of ['bin', 'lib', 'lib64', 'sbin'])
      if (!existsSync(join(work, one))) symlinkSync(`usr/${one}`, join(work, one));
    symlinkSync('/run', join(work, 'var/run'));
    // Of its own user, who is this machine's.
    for (const one of ['var/tmp', `var/lib/${name}`]) {
      mkdirSync(join(work, one), { recursive: true });
      chmodSync(join(work, one), 0o777);
    }
    mkdirSync(join(work, 'run-here'));
    for (const program of programs)
      writeFileSync(join(work, 'run-here', basename(program)), script(root, program), { mode: 0o755 });
    renameSync(work, root);
  } catch (cause) {
    // Whoever renames first wins; a second one at the same time made the same thing.
    if (!existsSync(folder)) throw cause;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

const FILE_MS = 300_000;

/** A test file of ours once more, told by its environment to use such programs. */
export async function passesWith(file: string, env: Readonly<Record<string, string>>): Promise<void> {
  // A child of a test runner would report to it instead of to us.
  const argv = ['env', '-u', 'NODE_TEST_CONTEXT', process.execPath, '--test', file];
  const { code, stdout } = await exec(argv, {
    cwd: join(import.meta.dirname, '../..'),
    env,
    timeoutMs: FILE_MS,
  });

  assert.equal(code, 0, stdout.slice(-6000));
  assert.match(stdout, /^# fail 0|ℹ fail 0/m);
}

/** Its files, with the users, devices, sockets and temporary files of this machine laid over them; gone with the process. */
function script(root: string, program: string): string {
  return `#!/bin/sh
exec unshare --mount --propagation private -- sh -c '
root=$1; shift
for file in /etc/passwd /etc/group; do mount --bind $file $root$file; done
for folder in /dev /proc /run ${tmpdir()}; do mkdir -p $root$folder; mount --rbind $folder $root$folder; done
exec chroot $root ${program} "$@"' sh ${root} "$@"
`;
}
