// Builds the guest's first root filesystem: busybox, the modules that reach the machine's own files, and a script that
// puts a memory overlay on them and hands over.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type CpioEntry, cpioFile, cpioFolder, writeCpio } from './cpio.ts';
import type { GuestKernel } from './guest-kernel.ts';
import { loadOrder, readModule, readModulesDep } from './modules.ts';

/** Names that the qemu command line and the script agree on. */
export const ROOT_TAG = 'hostroot';
export const SHARE_TAG = 'share';
export const SHARE_DIR = '/run/guest';

const BUSYBOX = '/bin/busybox';
const EARLY_MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay'];

export function buildInitramfs(kernel: GuestKernel): Buffer {
  const modules = loadOrder(readModulesDep(kernel), EARLY_MODULES).map((path) => ({
    file: basename(path).replace(/\.xz$/, ''),
    data: readModule(kernel, path),
  }));
  const entries: CpioEntry[] = [
    ...['bin', 'dev', 'proc', 'sys', 'modules', 'lower', 'memory', 'newroot'].map(cpioFolder),
    cpioFile('bin/busybox', readFileSync(BUSYBOX), 0o755),
    ...modules.map((module) => cpioFile(`modules/${module.file}`, module.data)),
    cpioFile('init', initScript(modules.map((module) => module.file)), 0o755),
  ];
  return writeCpio(entries);
}

/** cache=loose keeps file pages in the guest: the machine's files do not change under a run. */
function initScript(moduleFiles: readonly string[]): string {
  const lower = `trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro`;
  const share = `trans=virtio,version=9p2000.L,msize=512000,cache=none,access=any`;
  return `#!/bin/busybox sh
set -e
b=/bin/busybox
trap '$b echo "guest: init failed"; $b poweroff -f' EXIT
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
${moduleFiles.map((file) => `$b insmod /modules/${file}`).join('\n')}
$b mount -t 9p -o ${lower} ${ROOT_TAG} /lower
$b mount -t tmpfs -o mode=0755 memory /memory
$b mkdir /memory/upper /memory/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work overlay /newroot
$b mount -t tmpfs -o mode=0755 run /newroot/run
$b mkdir -p /newroot${SHARE_DIR}
$b mount -t 9p -o ${share} ${SHARE_TAG} /newroot${SHARE_DIR}
for d in dev proc sys; do $b mount -o move /$d /newroot/$d; done
trap - EXIT
exec $b switch_root /newroot /bin/sh ${SHARE_DIR}/boot.sh
`;
}
