// A machine within this one for installing packages: an overlay of this machine's root with a systemd of its own as process 1,
// its own network, and an empty /run. What happens there is gone when it is closed.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../../tools/lib/finding.ts';
import type { Ran } from '../fixtures/mount-sandbox.ts';

const CGROUPS = '/sys/fs/cgroup';
const BOOT_MS = 120_000;
const COMMAND_MS = 300_000;
const ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
};

/** Where the folder of the caller is seen. */
export const SHARED = '/srv/shared';

/** Machines of either kind: with one tree of control groups, or with systemd's own beside those of old. */
const UNIFIED = existsSync(join(CGROUPS, 'cgroup.controllers'));
const GROUP_HOME = UNIFIED ? CGROUPS : join(CGROUPS, 'systemd');
const MOUNT_CGROUPS = UNIFIED
  ? `mount -t cgroup2 cgroup2 $root${CGROUPS}`
  : `mount -t tmpfs none $root${CGROUPS}
mkdir $root${CGROUPS}/systemd
mount -t cgroup -o none,name=systemd cgroup $root${CGROUPS}/systemd`;

/** Services of this machine are none of its business: only what is enabled there is started. */
const boot = (shared: string) => `set -eu
mount -t tmpfs none /mnt
mkdir /mnt/upper /mnt/work /mnt/root
root=/mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay $root
mount -t proc proc $root/proc
mount -t sysfs sysfs $root/sys
${MOUNT_CGROUPS}
mount -t bpf bpf $root/sys/fs/bpf
mount --rbind /dev $root/dev
for name in run tmp; do mount -t tmpfs $name $root/$name; done
mkdir -p $root${SHARED} $root${ROOT}
mount --bind ${ROOT} $root${ROOT}
mount --bind ${shared} $root${SHARED}
mount --bind ${shared}/console $root/dev/console
rm -rf $root/etc/systemd/system/*.wants
: > $root/etc/machine-id
cd $root
exec env -i container=lxc PATH=$PATH chroot . /lib/systemd/systemd --unit=basic.target --log-target=console --show-status=0`;

export class SystemRoot {
  readonly shared: string;
  readonly #group: string;
  readonly #holder: ChildProcess;

  private constructor(shared: string, group: string, holder: ChildProcess) {
    this.shared = shared;
    this.#group = group;
    this.#holder = holder;
  }

  /** Resolves when systemd says that it is up. */
  static async open(): Promise<SystemRoot> {
    const shared = mkdtempSync(join(tmpdir(), 'system-root-'));
    writeFileSync(join(shared, 'console'), '');
    const group = join(GROUP_HOME, `lbctl-test-${process.pid}-${shared.slice(-6)}`);
    mkdirSync(group);
    const spaces = ['--mount', '--net', '--pid', '--uts', '--ipc', '--cgroup', '--propagation=private'];
    const enter = `echo $$ > ${group}/cgroup.procs && exec unshare ${spaces.join(' ')} --fork --kill-child sh -c "$0"`;
    const holder = spawn('sh', ['-c', enter, boot(shared)], { stdio: 'ignore', env: ENV });
    const opened = new SystemRoot(shared, group, holder);
    for (const end = performance.now() + BOOT_MS; ; await sleep(200)) {
      const { out, err } = opened.run('systemctl is-system-running');
      // Degraded: a unit of this machine's does not like its new surroundings, which is nothing to us.
      if (/^(running|degraded)$/m.test(out)) return opened;
      if (performance.now() > end || holder.exitCode !== null) {
        const said = readFileSync(join(shared, 'console'), 'utf8').slice(-2000);
        await opened.close();
        throw new Error(`systemd did not come up: ${out}${err}${said}`);
      }
    }
  }

  /** The command line that runs `argv` there. */
  argv(argv: readonly string[]): readonly string[] {
    const init = this.#init();
    return ['nsenter', `--target=${init}`, '--all', '--root', '--wd=/', ...argv];
  }

  /** A script of a shell there, in the shared folder. */
  run(script: string, env: Readonly<Record<string, string>> = {}): Ran {
    if (this.#init() === undefined) return { code: 1, out: '', err: 'no systemd yet' };
    const [command, ...args] = this.argv(['sh', '-eu', '-c', `cd ${SHARED}\n${script}`]);
    const { status, stdout, stderr } = spawnSync(command!, args, {
      encoding: 'utf8',
      timeout: COMMAND_MS,
      env: { ...ENV, ...env },
    });
    return { code: status, out: stdout, err: stderr };
  }

  async close(): Promise<void> {
    this.#holder.kill('SIGKILL');
    for (let tries = 0; tries < 50; tries++) {
      try {
        rmdirSync(this.#group);
        break;
      } catch (error) {
        // Systemd's own groups below it, and its processes, go with it in a moment.
        if (tries === 49) throw error;
        spawnSync('find', [
          this.#group,
          '-mindepth',
          '1',
          '-depth',
          '-type',
          'd',
          '-exec',
          'rmdir',
          '{}',
          ';',
        ]);
        await sleep(200);
      }
    }
    rmSync(this.shared, { recursive: true, force: true });
  }

  /** Process 1 of the machine within, as this one numbers it. */
  #init(): number | undefined {
    const path = `/proc/${this.#holder.pid}/task/${this.#holder.pid}/children`;
    if (!existsSync(path)) return undefined;
    const [child] = readFileSync(path, 'utf8').trim().split(' ');
    return child === undefined || child === '' ? undefined : Number(child);
  }
}
