// Our own keepalived on this node: checked configuration, start, reload, what it says, and its death.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LineReader, readFifo } from '../../kernel/fifo.ts';
import { runProgram } from '../../kernel/process.ts';
import { adoptProgram, type RunningProgram, startProgram } from '../../kernel/supervised.ts';
import type { Clock } from '../../lib/clock.ts';
import { OpError } from '../../model/errors.ts';
import type { HaGroup } from '../../model/ha.ts';
import type { Role } from '../../model/protocol.ts';
import {
  type KeepalivedConfig,
  keepalivedConfig,
  type VrrpAddress,
  type VrrpInstance,
} from './keepalived-config.ts';
import { tooOld } from './keepalived-version.ts';
import { readNotifyLine, type VrrpState } from './notify-line.ts';
import { presenceOf, type RoutePort, takeOff } from './presence.ts';
import { vrrpFault } from './vrrp-fault.ts';

export interface KeepalivedOptions {
  readonly runDir: string;
  readonly routerId: string;
  readonly route: RoutePort;
  readonly clock: Clock;
  readonly binary?: string;
  /** `why` it is in fault. */
  onRole(group: string, role: Role, why?: string): void;
  /** A second master was heard, of lower priority than ours. */
  onRival(group: string): void;
  /** keepalived is gone; the addresses it left behind have been taken off. */
  onDeath(why: string, addressesRemoved: number): void;
}

export interface VrrpGroupPlan {
  readonly group: HaGroup;
  readonly addresses: readonly VrrpAddress[];
}

const CHECK_MS = 10_000;
/** How long after taking over a running keepalived its pipe may still hold lines from before. */
const HISTORY_MS = 1000;
const STOP_MS = 3000;
const FIRST_RESTART_MS = 200;
const LONGEST_RESTART_MS = 10_000;
/** What lives this long is not counted as a failing start. */
const STEADY_MS = 30_000;
const LOG_LIMIT = 1 << 20;

export class Keepalived {
  readonly #options: KeepalivedOptions;
  readonly #dir: string;
  readonly #roles = new Map<string, Role>();
  readonly #priorities = new Map<string, number>();
  readonly #written = new Map<string, string>();
  #instances: readonly VrrpInstance[] = [];
  /** The configuration in force. */
  #text: string | undefined;
  #program: RunningProgram | undefined;
  #fifo: LineReader | undefined;
  #startedMs = 0;
  #adoptedMs = Number.NEGATIVE_INFINITY;
  #restartMs = FIRST_RESTART_MS;
  #cancelRestart: () => void = () => {};
  #stopping = false;

  constructor(options: KeepalivedOptions) {
    this.#options = options;
    this.#dir = join(options.runDir, 'vrrp');
  }

  get pid(): number | undefined {
    return this.#program?.pid;
  }

  /** Takes the groups over: the configuration is checked by the program first and reloaded without leaving any role. */
  async apply(plans: readonly VrrpGroupPlan[]): Promise<readonly string[]> {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const instances = plans.map((plan) => this.#toInstance(plan));
    if (instances.length === 0) {
      await this.stop();
      this.#instances = [];
      return [];
    }
    const config = keepalivedConfig({
      routerId: this.#options.routerId,
      notifyFifo: this.#path('notify.fifo'),
      instances,
    });
    for (const one of instances) this.#seed(one);
    this.#fifo ??= readFifo(this.#path('notify.fifo'), (line) => this.#hear(line));
    const changed = await this.#install(config);
    const before = this.#instances;
    this.#instances = instances;
    if (this.#program === undefined) this.#adopt();
    if (this.#program === undefined) this.#start();
    else if (changed) this.#program.signal('SIGHUP');
    this.#forget(before);
    return config.notes;
  }

  /** Added to the priority of the group from now on: keepalived watches the file. */
  setWeight(group: string, weight: number): void {
    this.#write(`${group}.weight`, String(Math.max(-253, Math.min(253, Math.trunc(weight)))));
  }

  /** True makes the group stand back at once: it tells its peers and lets the addresses go. */
  setFault(group: string, fault: boolean): void {
    this.#write(`${group}.fault`, fault ? '1' : '0');
  }

  /** With all that lowers it, as keepalived said last. */
  priorityOf(group: string): number | undefined {
    return this.#priorities.get(group);
  }

  /** True when somebody had changed the configuration: another VRID, say, would make a second master of this node. */
  putBack(): boolean {
    const [program, text] = [this.#program, this.#text];
    const path = this.#path('keepalived.conf');
    if (program === undefined || text === undefined || textOf(path) === text) return false;
    const next = `${path}.new`;
    writeFileSync(next, text, { mode: 0o600 });
    renameSync(next, path);
    program.signal('SIGHUP');
    return true;
  }

  /** Groups that are active and lack an address, or are not and hold one: keepalived and the kernel disagree. */
  disagreements(): readonly string[] {
    return this.#instances.flatMap((one) => {
      const presence = presenceOf(one, this.#options.route);
      const role = this.#roles.get(one.group.name);
      if (role === 'active' && presence !== 'all')
        return [`${one.group.name}: active without all its addresses`];
      if (role !== 'active' && presence !== 'none')
        return [`${one.group.name}: ${role} with an address left`];
      return [];
    });
  }

  /** Ends keepalived: it hands over to its peers first. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart();
    const program = this.#program;
    if (program !== undefined) {
      program.signal('SIGTERM');
      await this.#awaitEnd(program);
    }
    this.#program = undefined;
    this.#closeFifo();
    for (const one of this.#instances) takeOff(one, this.#options.route);
    this.#roles.clear();
    this.#priorities.clear();
    this.#text = undefined;
    this.#stopping = false;
  }

  /** We go, keepalived stays: traffic flows on, and who comes after us adopts it. */
  release(): void {
    this.#stopping = true;
    this.#cancelRestart();
    this.#program?.release();
    this.#program = undefined;
    this.#closeFifo();
  }

  #closeFifo(): void {
    this.#fifo?.close();
    this.#fifo = undefined;
  }

  #toInstance(plan: VrrpGroupPlan): VrrpInstance {
    const { name } = plan.group;
    return { ...plan, weightFile: this.#path(`${name}.weight`), faultFile: this.#path(`${name}.fault`) };
  }

  /** keepalived refuses to start without the files. One that is there says what held before us. */
  #seed(one: VrrpInstance): void {
    for (const [path, first] of [
      [one.weightFile, '0'],
      [one.faultFile, '1'],
    ] as const)
      if (statSync(path, { throwIfNoEntry: false }) === undefined)
        writeFileSync(path, first, { mode: 0o600 });
  }

  /** True when the text is another than the one in force. */
  async #install(config: KeepalivedConfig): Promise<boolean> {
    const path = this.#path('keepalived.conf');
    if (textOf(path) === config.text) {
      this.#text = config.text;
      return false;
    }
    const next = `${path}.new`;
    writeFileSync(next, config.text, { mode: 0o600 });
    await this.#checkVersion();
    const check = [this.#binary, '-t', '-f', next];
    const end = await runProgram(check, { env: {} }, AbortSignal.timeout(CHECK_MS));
    if (end.kind !== 'exit' || end.code !== 0)
      throw new OpError(
        'HA_REFUSED',
        `Cannot use the configuration for keepalived as it refuses it: ${tellEnd(end)}`,
        { op: 'keepalived -t', target: next, kernelMessage: 'output' in end ? end.output.trim() : '' },
        { retry: end.kind === 'not-run' ? 'on-change' : 'never' },
      );
    renameSync(next, path);
    this.#text = config.text;
    return true;
  }

  /** An older one would say no more than that it does not know a word. */
  async #checkVersion(): Promise<void> {
    const end = await runProgram([this.#binary, '--version'], { env: {} }, AbortSignal.timeout(CHECK_MS));
    const why =
      end.kind === 'exit' ? tooOld(end.output) : end.kind === 'not-run' ? notRun(end.why) : undefined;
    if (why !== undefined)
      throw new OpError(
        'HA_REFUSED',
        `Cannot run VRRP as ${why}`,
        { op: 'keepalived --version', target: this.#binary },
        { retry: 'on-change', hint: 'Install keepalived 2.0.19 or newer, or use "ha.provider: frr"' },
      );
  }

  #start(): void {
    const log = this.#path('keepalived.log');
    if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT) truncateSync(log);
    const pidFile = this.#path('keepalived.pid');
    // Nothing of ours runs: a number left by one that was killed may be that of another program by now.
    for (const stale of [pidFile, this.#path('vrrp.pid')]) rmSync(stale, { force: true });
    this.#startedMs = this.#options.clock.monotonicMs();
    this.#program = startProgram({
      // --vrrp: no checker process, which would end it all where the kernel has no IPVS.
      command: [
        ...[this.#binary, '--dont-fork', '--log-console', '--no-syslog', '--vrrp'],
        ...['-f', this.#path('keepalived.conf'), '-p', pidFile, '-r', this.#path('vrrp.pid')],
      ],
      logFile: log,
      onExit: (why) => this.#onExit(why),
    });
  }

  /** A keepalived that an earlier run of ours left goes on as it is; its roles are read off the addresses. */
  #adopt(): void {
    const { clock, route } = this.#options;
    this.#program = adoptProgram(this.#path('keepalived.pid'), this.#binary, clock, (why) =>
      this.#onExit(why),
    );
    if (this.#program === undefined) {
      // Addresses of one that died while nobody looked.
      this.#endOrphan();
      for (const one of this.#instances) takeOff(one, route);
      return;
    }
    this.#startedMs = this.#adoptedMs = clock.monotonicMs();
    for (const one of this.#instances)
      this.#setRole(one.group.name, presenceOf(one, route) === 'none' ? 'standby' : 'active');
  }

  /** Its addresses first, as the peer takes them over at this moment; then everything else. */
  #onExit(why: string): void {
    this.#program = undefined;
    if (this.#stopping) return;
    const { clock, route } = this.#options;
    this.#endOrphan();
    let removed = 0;
    for (const one of this.#instances) removed += takeOff(one, route);
    for (const one of this.#instances) this.#setRole(one.group.name, 'fault', `keepalived ended: ${why}`);
    this.#priorities.clear();
    this.#options.onDeath(why, removed);
    const steady = clock.monotonicMs() - this.#startedMs > STEADY_MS;
    this.#restartMs = steady ? FIRST_RESTART_MS : Math.min(LONGEST_RESTART_MS, this.#restartMs * 2);
    this.#cancelRestart = clock.after(this.#restartMs, () => this.#start());
  }

  /** The process that speaks VRRP may outlive the one that started it: two of them would fight over the addresses. */
  #endOrphan(): void {
    const orphan = adoptProgram(this.#path('vrrp.pid'), this.#binary, this.#options.clock, () => {});
    orphan?.signal('SIGKILL');
    orphan?.release();
  }

  #hear(text: string): void {
    const line = readNotifyLine(text);
    if (line === undefined || line.kind === 'group') return;
    if (!this.#instances.some((one) => one.group.name === line.name)) return;
    if (line.state === 'MASTER_RX_LOWER_PRI') this.#options.onRival(line.name);
    // In fault it has none that counts.
    if (line.state !== 'FAULT' && line.state !== 'STOP') this.#priorities.set(line.name, line.priority);
    const role = ROLE_OF[line.state];
    // STOP comes with every end; after a death the supervisor has spoken already.
    if (role !== undefined && !this.#isHistory(line.name, role))
      this.#setRole(line.name, role, role === 'fault' ? this.#whyFault(line.name) : undefined);
  }

  /** Lines wait in the pipe while nobody listens: what the addresses contradict was said before we came. */
  #isHistory(group: string, role: Role): boolean {
    const { clock, route } = this.#options;
    if (clock.monotonicMs() - this.#adoptedMs > HISTORY_MS) return false;
    const instance = this.#instances.find((one) => one.group.name === group);
    return instance !== undefined && (presenceOf(instance, route) !== 'none') !== (role === 'active');
  }

  #whyFault(group: string): string | undefined {
    const instance = this.#instances.find((one) => one.group.name === group);
    return instance === undefined ? undefined : vrrpFault(instance.group, this.#options.route.links());
  }

  #setRole(group: string, role: Role, why?: string): void {
    if (this.#roles.get(group) === role) return;
    this.#roles.set(group, role);
    this.#options.onRole(group, role, why);
  }

  /** Groups that are no more: their role ends, and their addresses if keepalived left any. */
  #forget(before: readonly VrrpInstance[]): void {
    for (const one of before)
      if (!this.#instances.some((now) => now.group.name === one.group.name))
        this.#roles.delete(one.group.name);
  }

  async #awaitEnd(program: RunningProgram): Promise<void> {
    const { clock } = this.#options;
    const end = clock.monotonicMs() + STOP_MS;
    while (this.#program === program && clock.monotonicMs() < end)
      await new Promise<void>((resolve) => clock.after(5, resolve));
    if (this.#program === program) program.signal('SIGKILL');
  }

  #write(name: string, value: string): void {
    if (this.#written.get(name) === value && textOf(this.#path(name)) === value) return;
    this.#written.set(name, value);
    writeFileSync(this.#path(name), value, { mode: 0o600 });
  }

  #path(name: string): string {
    return join(this.#dir, name);
  }

  get #binary(): string {
    return this.#options.binary ?? 'keepalived';
  }
}

const ROLE_OF: Partial<Record<VrrpState, Role>> = {
  MASTER: 'active',
  BACKUP: 'standby',
  FAULT: 'fault',
  STOP: 'standby',
};

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function notRun(why: string): string {
  return why === 'ENOENT' ? 'keepalived is not installed' : `keepalived does not start: ${why}`;
}

function tellEnd(end: Awaited<ReturnType<typeof runProgram>>): string {
  if (end.kind === 'not-run') return end.why;
  if (end.kind === 'exit') return end.output.trim() || `it ended with ${end.code}`;
  return end.kind;
}
