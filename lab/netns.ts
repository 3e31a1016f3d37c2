// Builds small networks of real hosts: namespaces, veth pairs, bridges, addresses and routes, and takes down exactly these.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ExecOptions,
  type ExecResult,
  exec,
  execSync,
  isAlive,
  mustSync,
  start,
  stop,
  succeeded,
} from './process.ts';

/** One end of a link: where it is, what it is called there, what it gets. */
export interface LinkEnd {
  readonly host: Host;
  readonly device: string;
  readonly addresses?: readonly string[];
  readonly mac?: string;
}

const MARK = 'sy';
const REMOVAL_TRIES = 20;
const REMOVAL_PAUSE_MS = 50;
let created = 0;

export class Lab {
  readonly #stem: string;
  readonly #hosts: Host[] = [];
  readonly #rootDevices: string[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #lasts: boolean;
  /** The namespace this process is in; only links made here are removed from it. */
  readonly root: Host;

  private constructor(stem: string, lasts = false) {
    this.#stem = stem;
    this.#lasts = lasts;
    this.root = new Host(this, undefined);
  }

  /** `prefix` names the room or test. What a dead process of the same prefix left behind is removed first. */
  static create(prefix: string): Lab {
    sweep(prefix);
    created++;
    return new Lab(`${MARK}-${prefix}-${process.pid}-${created}`);
  }

  /** Outlives this process, with all that it started; `remove(stem)` of any process ends it. */
  static lasting(stem: string): Lab {
    return new Lab(stem, true);
  }

  /** Ends whatever runs in the namespaces of this stem and removes them. */
  static remove(stem: string): void {
    for (const name of namespaces()) if (name.startsWith(`${stem}-`)) removeNamespace(name);
  }

  /** Hosts of this stem that are there, by their names in the lab. */
  static hostsOf(stem: string): readonly string[] {
    return namespaces().flatMap((name) => (name.startsWith(`${stem}-`) ? [name.slice(stem.length + 1)] : []));
  }

  /** A host of a lab that another process made. */
  static hostOf(stem: string, name: string): Host {
    return new Host(new Lab(stem, true), `${stem}-${name}`);
  }

  host(name: string): Host {
    const namespace = `${this.#stem}-${name}`;
    mustSync(['ip', 'netns', 'add', namespace]);
    const host = new Host(this, namespace);
    this.#hosts.push(host);
    host.ip('link', 'set', 'lo', 'up');
    return host;
  }

  get lasts(): boolean {
    return this.#lasts;
  }

  /** A veth pair, both ends up. */
  link(a: LinkEnd, b: LinkEnd): void {
    const end = (side: LinkEnd) => [
      ...['name', side.device],
      ...(side.mac === undefined ? [] : ['address', side.mac]),
      ...(side.host.namespace === undefined ? [] : ['netns', side.host.namespace]),
    ];
    // The maker stands in the root namespace, so an end without "netns" stays there.
    mustSync(['ip', 'link', 'add', ...end(a), 'type', 'veth', 'peer', ...end(b)]);
    for (const side of [a, b]) {
      if (side.host.namespace === undefined) this.#rootDevices.push(side.device);
      side.host.ipAll([
        ...(side.addresses ?? []).map((address) => addressCommand(side.device, address)),
        ['link', 'set', side.device, 'up'],
      ]);
    }
  }

  /** A bridge in `on` that joins one device of every host given: a switch. */
  bridge(on: Host, name: string, ends: readonly LinkEnd[]): void {
    on.ipAll([
      ['link', 'add', name, 'type', 'bridge', 'forward_delay', '0'],
      ['link', 'set', name, 'up'],
    ]);
    if (on.namespace === undefined) this.#rootDevices.push(name);
    const ports = ends.map((end, index) => {
      const port = `${name.slice(0, 10)}p${index}`;
      this.link(end, { host: on, device: port });
      return ['link', 'set', port, 'master', name];
    });
    on.ipAll(ports);
  }

  keep(child: ChildProcess): ChildProcess {
    if (this.#lasts) child.unref();
    else this.#children.push(child);
    return child;
  }

  /** Ends what was started, newest first, then removes the namespaces; safe to call twice. */
  async close(): Promise<void> {
    for (const child of this.#children.splice(0).reverse()) await stop(child);
    for (const device of this.#rootDevices.splice(0)) execSync(['ip', 'link', 'del', device]);
    for (const host of this.#hosts.splice(0)) removeNamespace(host.namespace!);
  }
}

export class Host {
  readonly #lab: Lab;
  /** Absent for the namespace this process is in. */
  readonly namespace: string | undefined;

  constructor(lab: Lab, namespace: string | undefined) {
    this.#lab = lab;
    this.namespace = namespace;
  }

  /** The command line that runs `argv` in this host. */
  argv(argv: readonly string[]): readonly string[] {
    return this.namespace === undefined ? argv : ['ip', 'netns', 'exec', this.namespace, ...argv];
  }

  ip(...args: readonly string[]): string {
    const where = this.namespace === undefined ? [] : ['-n', this.namespace];
    return mustSync(['ip', ...where, ...args]);
  }

  /** Many commands in one process, up to the first that fails: in the guest a process takes a tenth of a second. */
  ipAll(commands: readonly (readonly string[])[]): void {
    const where = this.namespace === undefined ? [] : ['-n', this.namespace];
    const input = commands.map((command) => `${command.join(' ')}\n`).join('');
    mustSync(['ip', ...where, '-batch', '-'], { input });
  }

  /** Duplicate address detection would keep an IPv6 address unusable for a second: nobody else is here. */
  address(device: string, address: string): void {
    this.ip(...addressCommand(device, address));
  }

  route(...args: readonly string[]): void {
    this.ip(...(args[0]?.includes(':') ? ['-6'] : []), 'route', 'add', ...args);
  }

  sysctl(key: string, value: string | number): void {
    this.sysctls({ [key]: value });
  }

  sysctls(values: Readonly<Record<string, string | number>>): void {
    this.run('sysctl', '-q', '-w', ...Object.entries(values).map(([key, value]) => `${key}=${value}`));
  }

  /** Blocks, throws when the program fails. */
  run(...argv: readonly string[]): string {
    return mustSync(this.argv(argv));
  }

  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return exec(this.argv(argv), options);
  }

  async must(argv: readonly string[], options?: ExecOptions): Promise<string> {
    return succeeded(argv, await this.exec(argv, options));
  }

  /** In the background until stopped or the lab closes. */
  spawn(argv: readonly string[], options: SpawnOptions = { stdio: 'ignore' }): ChildProcess {
    return this.#lab.keep(start(this.argv(argv), { ...options, detached: this.#lab.lasts }));
  }
}

function addressCommand(device: string, address: string): readonly string[] {
  return ['address', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : [])];
}

/** Namespaces of this prefix whose maker lives no more; their last processes would hold them open. */
function sweep(prefix: string): void {
  const pattern = new RegExp(`^${MARK}-${prefix}-(\\d+)-`);
  for (const name of namespaces()) {
    const maker = pattern.exec(name)?.[1];
    if (maker !== undefined && !isAlive(Number(maker))) removeNamespace(name);
  }
}

function namespaces(): string[] {
  const lines = execSync(['ip', 'netns', 'list']).stdout.split('\n');
  return lines.map((line) => line.split(' ')[0]!).filter((name) => name !== '');
}

function removeNamespace(name: string): void {
  // Again until it says that nobody is left: a Ctrl-C that ends us ends this command too, before it has said who is there.
  for (let tries = 0; tries < REMOVAL_TRIES && existsSync(join('/run/netns', name)); tries++) {
    const { code, stdout } = execSync(['ip', 'netns', 'pids', name]);
    const others = stdout.split('\n').filter((line) => line !== '' && Number(line) !== process.pid);
    if (code === 0 && others.length === 0) break;
    for (const pid of others) endProcess(Number(pid));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REMOVAL_PAUSE_MS);
  }
  // Busy for a moment while another process copies the table of mounts (unshare, "ip netns exec").
  for (let tries = 0; tries < REMOVAL_TRIES; tries++) {
    const { code } = execSync(['ip', 'netns', 'del', name]);
    if (code === 0 || !existsSync(join('/run/netns', name))) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REMOVAL_PAUSE_MS);
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between being listed and now.
  }
}
