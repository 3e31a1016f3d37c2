// A machine that boots: Debian's systemd as process 1 in namespaces of its own, with a disk that outlives it. What it may write
// lies in layers over this machine's files; a second boot in another network namespace is what a reboot is.
import { type ChildProcess, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Host } from '../../../lab/netns.ts';
import { type ExecResult, exec, stop } from '../../../lab/process.ts';
import { bootParts } from './parts.ts';

const CHECKOUT = resolve(import.meta.dirname, '../../..');
const LAYERS = ['etc', 'usr', 'var'];
/** Folders seen as they are: the checkout, and its packages where they are a link. */
const SHOWN = [...new Set([CHECKOUT, dirname(realpathSync(join(CHECKOUT, 'node_modules')))])];
/** What this machine starts and configures is not the other's. */
const FOREIGN = [
  ...['etc/systemd/system', 'etc/network/interfaces*', 'etc/NetworkManager/system-connections', 'etc/fstab'],
  ...['etc/rc?.d', 'etc/sysctl.d', 'etc/modules-load.d', 'usr/lib/systemd/system-generators'],
];
const INSTALL = 'install';
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const BOOT_LIMIT_MS = 60_000;

export class Machine {
  readonly #disk: string;
  readonly #services: readonly string[];
  #process: ChildProcess | undefined;
  #pid = 0;

  /** `disk`: an empty folder. `services` are all that starts, beside what they need. */
  constructor(disk: string, services: readonly string[]) {
    this.#disk = disk;
    this.#services = services;
    for (const name of LAYERS)
      for (const part of ['upper', 'work']) mkdirSync(join(disk, name, part), { recursive: true });
    mkdirSync(join(disk, 'root'));
    this.write('/etc/machine-id', `${createHash('md5').update(disk).digest('hex')}\n`);
  }

  /** Writes a file as the one who set the machine up did. Only before the first boot. */
  write(path: string, content: string, mode = 0o644): void {
    const file = join(this.#disk, INSTALL, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode });
  }

  /** Where a file that the machine wrote is seen from outside. */
  path(path: string): string {
    const [, top = '', ...rest] = path.split('/');
    return join(this.#disk, top, 'upper', ...rest);
  }

  /** Returns once every unit has started; a machine that still runs loses its power first. */
  async boot(host: Host): Promise<void> {
    await this.close();
    const pidFile = join(this.#disk, 'pid');
    rmSync(pidFile, { force: true });
    const own = ['--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child'];
    this.#process = host.spawn(['unshare', ...own, 'sh', '-ec', bootScript(this.#disk, this.#services)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const until = performance.now() + BOOT_LIMIT_MS;
    // Whole only with its line end: a shell makes the file before it writes.
    const written = () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n');
    while (!written() && performance.now() < until) await wait(20);
    this.#pid = Number(readFileSync(pidFile, 'utf8'));
    let said: ExecResult;
    do {
      await wait(50);
      said = await this.exec(['systemctl', 'is-system-running', '--wait']);
    } while (!/running|degraded/.test(said.stdout) && performance.now() < until);
    if (said.stdout.trim() === 'running') return;
    const failed = await this.exec(['systemctl', '--failed', '--no-legend', '--plain']);
    const units = failed.stdout.split('\n').flatMap((line) => ['-u', line.split(' ')[0]!]);
    const log = await this.exec(['journalctl', '--no-pager', '-b', '-o', 'cat', ...units]);
    throw new Error(`Cannot boot cleanly: ${said.stdout}${said.stderr}\n${failed.stdout}\n${log.stdout}`);
  }

  exec(argv: readonly string[]): Promise<ExecResult> {
    return exec(['nsenter', '-t', String(this.#pid), '-m', '-p', '-u', '-i', '-C', '-n', ...argv], {
      env: { PATH },
    });
  }

  /** In order, with all that services do when they stop. */
  async powerOff(): Promise<void> {
    const gone = once(this.#process!, 'exit');
    await this.exec(['systemctl', 'poweroff']);
    await gone;
    this.#removeGroups();
  }

  /** As by a power cut. */
  async close(): Promise<void> {
    if (this.#process === undefined) return;
    await stop(this.#process);
    this.#removeGroups();
  }

  #removeGroups(): void {
    this.#process = undefined;
    const group = groupOf(this.#disk);
    const script = `mount -t cgroup2 cgroup2 ${this.#disk}/root; cd ${this.#disk}/root
for round in 1 2 3 4 5; do [ -d ${group} ] || exit 0; find ${group} -depth -type d -exec rmdir {} + && exit 0; sleep 0.1; done`;
    spawnSync('unshare', ['--mount', 'sh', '-c', script], { stdio: 'ignore' });
  }
}

function groupOf(disk: string): string {
  return `machine-${disk.replaceAll('/', '-')}`;
}

/** Everything mounted here is gone with the last process of the machine. */
function bootScript(disk: string, services: readonly string[]): string {
  const parts = bootParts();
  const root = join(disk, 'root');
  return `read -r pid rest < /proc/self/stat
mount -t cgroup2 cgroup2 ${root}
mkdir -p ${root}/${groupOf(disk)}
echo 0 > ${root}/${groupOf(disk)}/cgroup.procs
umount ${root}
mount -t tmpfs -o mode=0755 root ${root}
cd ${root}
for name in ${LAYERS.join(' ')}; do
  mkdir $name
  mount -t overlay -o lowerdir=${parts}/$name:/$name,upperdir=${disk}/$name/upper,workdir=${disk}/$name/work overlay $name
done
for name in bin lib lib64 sbin; do ln -s usr/$name $name; done
if [ -d ${disk}/${INSTALL} ]; then
  rm -rf ${FOREIGN.join(' ')}
  cp -a ${disk}/${INSTALL}/. .
  rm -rf ${disk}/${INSTALL}
  systemctl --root=. --quiet enable ${services.join(' ')}
fi
mkdir proc sys dev run tmp root old
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=0755 dev dev
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=0755 run run
mount -t tmpfs tmp tmp
for path in ${SHOWN.join(' ')}; do mkdir -p .$path; mount --bind $path .$path; done
hostname backend
export pid
pivot_root . old
exec unshare --cgroup sh -ec 'mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd /
echo $pid > /old${disk}/pid
umount -l /old
exec env -i container=lab PATH=${PATH} /lib/systemd/systemd --log-target=journal --unit=multi-user.target'
`;
}
