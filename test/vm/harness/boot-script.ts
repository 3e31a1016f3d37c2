// Writes the script that is process 1 of the guest once it stands on the machine's files.
import { SHARE_DIR } from './initramfs.ts';

export interface BootPlan {
  /** Folder of the checkout, where the script starts. */
  readonly home: string;
  /** Folder that becomes /lib/modules. */
  readonly modules: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the run leaves in the shared folder. */
export const OUTPUT_FILE = 'output';
export const CODE_FILE = 'code';
export const SCRIPT_FILE = 'script.sh';

/** Powering off at the end of every path is what lets the machine tell a finished guest from a stuck one. */
export function bootScript(plan: BootPlan): string {
  const exports = Object.entries(plan.env).map(([key, value]) => `export ${key}=${quote(value)}`);
  return `trap 'busybox poweroff -f' EXIT
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
${exports.join('\n')}
mkdir -p /lib/modules
mount --bind ${quote(plan.modules)} /lib/modules
mkdir -p /dev/pts /dev/shm
ln -sf /proc/self/fd /dev/fd
for n in 0:stdin 1:stdout 2:stderr; do ln -sf /proc/self/fd/\${n%%:*} /dev/\${n#*:}; done
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t bpf bpf /sys/fs/bpf
hostname guest
ip link set lo up
cd ${quote(plan.home)}
/bin/sh ${SHARE_DIR}/${SCRIPT_FILE} > ${SHARE_DIR}/${OUTPUT_FILE} 2>&1 < /dev/null
echo $? > ${SHARE_DIR}/${CODE_FILE}
sync
`;
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
