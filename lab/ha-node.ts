// One node of a pair in a lab: the real Ha in a process of its own inside the host, commanded and heard by lines of JSON.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HaEvent } from '../src/ha/events.ts';
import type { HaStatus } from '../src/model/ha-status.ts';
import type { Host } from './netns.ts';
import { stop } from './process.ts';
import { until } from './until.ts';

const AGENT = join(import.meta.dirname, 'ha-agent.ts');

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

export class HaNode {
  readonly host: Host;
  readonly dir: string;
  readonly events: (HaEvent & { readonly heardMs: number })[] = [];
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #agent: ChildProcess | undefined;
  #rest = '';
  #calls = 0;

  /** Added to the environment of the agent. */
  env: NodeJS.ProcessEnv = {};

  /** Where FRR's sockets of this host are, if it has any. */
  frrDir: string | undefined;

  constructor(host: Host, dir: string) {
    this.host = host;
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  get pid(): number | undefined {
    return this.#agent?.pid;
  }

  /** Starts the agent; `yaml` is the node's whole configuration. It is ready when the call resolves. */
  async start(yaml: string, options: { readonly ready?: boolean } = {}): Promise<void> {
    const agent = this.host.spawn(
      [process.execPath, AGENT, this.dir, ...(this.frrDir === undefined ? [] : [this.frrDir])],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { ...process.env, ...this.env },
      },
    );
    this.#agent = agent;
    agent.stdout!.on('data', (chunk: Buffer) => this.#hear(chunk.toString('utf8')));
    agent.stdin!.on('error', () => {});
    await this.load(yaml);
    if (options.ready !== false) await this.call('tell', { kind: 'ready', applied: true, synced: true });
  }

  async load(yaml: string): Promise<void> {
    const path = join(this.dir, 'config.yaml');
    writeFileSync(path, yaml);
    await this.call('load', path);
  }

  call(name: string, argument: unknown = null): Promise<unknown> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (reply) =>
        reply.error === undefined ? resolve(reply.value) : reject(new Error(reply.error)),
      );
      this.#agent!.stdin!.write(`${JSON.stringify({ id, name, argument })}\n`);
    });
  }

  async status(): Promise<HaStatus> {
    return (await this.call('status')) as HaStatus;
  }

  async roleIs(role: string, withinMs = 10_000, group?: string): Promise<void> {
    const end = performance.now() + withinMs;
    for (;;) {
      const { groups } = await this.status();
      const asked = groups.filter((one) => group === undefined || one.group === group);
      if (asked.length > 0 && asked.every((one) => one.role === role)) return;
      if (performance.now() > end)
        throw new Error(`${this.host.namespace} is not ${role}: ${JSON.stringify(groups)}`);
      await new Promise<void>((resolve) => setTimeout(resolve, 20));
    }
  }

  /** A node is standby from its first moment; as a peer it counts only once it heard the master. */
  hearsAMaster(): Promise<void> {
    const heard = async (): Promise<boolean> =>
      (await this.status()).groups[0]?.detail === 'another node is master';
    return until(`${this.host.namespace} to hear a master`, heard);
  }

  /** The address is on one of its interfaces, whatever it says of its role. */
  holds(address: string): boolean {
    return this.host.ip('-o', 'address', 'show').includes(` ${address}/`);
  }

  /** Changes of role so far. */
  get moves(): readonly Extract<HaEvent, { kind: 'role' }>[] {
    return this.events.flatMap((event) =>
      event.kind === 'role' && event.from !== event.fact.role ? [event] : [],
    );
  }

  /** Ends the agent; `how` as of Ha.close(), or killed where it stands. */
  async end(how: 'leave' | 'hand-over' | 'kill'): Promise<void> {
    const agent = this.#agent;
    if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return;
    if (how === 'kill') return stop(agent);
    const exited = once(agent, 'exit');
    await this.call('close', how);
    await exited;
  }

  removeFiles(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const said = JSON.parse(line) as { reply?: Reply; event?: HaEvent };
      if (said.event !== undefined) this.events.push({ ...said.event, heardMs: Date.now() });
      if (said.reply !== undefined) {
        this.#waiting.get(said.reply.id)?.(said.reply);
        this.#waiting.delete(said.reply.id);
      }
    }
  }
}
