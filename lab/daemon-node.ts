// One node of a lab with everything on it: the real daemon in a process of its own, with pins, sockets and state of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../src/cli/client.ts';
import type { HaStatus } from '../src/model/ha-status.ts';
import { LogLines } from './demo/log-lines.ts';
import type { Host, Lab } from './netns.ts';
import { stop } from './process.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '..');
/** On a machine where many others want the processor; nothing that is stated depends on it. */
const START_MS = 60_000;
let made = 0;

export class DaemonNode {
  readonly host: Host;
  readonly dir: string;
  readonly client: Client;
  readonly bpfDir = `/sys/fs/bpf/lbctl-lab-${process.pid}-${made++}`;
  log = new LogLines();
  /** Added to the environment of the daemon. */
  env: NodeJS.ProcessEnv = {};
  readonly #lab: Lab;
  #child: ChildProcess | undefined;

  constructor(lab: Lab, host: Host, dir: string) {
    this.#lab = lab;
    this.host = host;
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
    this.client = new Client({ to: join(dir, 'api.sock'), timeoutMs: 30_000 });
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Settings every daemon of a lab needs to live beside others; a configuration ends with them. */
  get ownSettings(): string {
    return `
system: { state_dir: ${join(this.dir, 'state')}, run_dir: ${join(this.dir, 'run')} }
metrics: { prometheus: { enabled: false } }
logging: { format: json }
api: { socket: ${join(this.dir, 'api.sock')} }
`;
  }

  /** Resolves when it says it is ready. */
  async start(yaml: string): Promise<void> {
    this.write(yaml);
    // nsenter and not "ip netns exec": the latter mounts a /sys of its own, and with it other BPF pins.
    const argv = [
      `--net=/run/netns/${this.host.namespace}`,
      ...[join(ROOT, 'lbctl'), 'daemon', '-c', this.#config],
    ];
    const env = { ...process.env, LBCTL_BPF_DIR: this.bpfDir, ...this.env };
    this.log = new LogLines();
    this.#child = this.#lab.keep(spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'pipe'], env }));
    this.log.follow(this.#child);
    await this.log.next('ready', {}, START_MS);
  }

  write(yaml: string): void {
    writeFileSync(this.#config, yaml + this.ownSettings);
  }

  async ha(): Promise<HaStatus> {
    return this.client.get<HaStatus>('/v1/ha');
  }

  async roleIs(role: string, withinMs = 20_000): Promise<void> {
    let last: HaStatus | undefined;
    await until(
      `role ${role} of ${this.host.namespace}`,
      async () => {
        last = await this.ha();
        return last.groups.length > 0 && last.groups.every((one) => one.role === role);
      },
      withinMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it is ${JSON.stringify(last)}`);
    });
  }

  /** As systemd ends it. */
  async terminate(): Promise<void> {
    const child = this.#child!;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  async kill(): Promise<void> {
    if (this.#child !== undefined) await stop(this.#child);
  }

  removeFiles(): void {
    rmSync(this.bpfDir, { recursive: true, force: true });
    rmSync(this.dir, { recursive: true, force: true });
  }

  get #config(): string {
    return join(this.dir, 'config.yaml');
  }
}
