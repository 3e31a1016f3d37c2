// Daemons as processes on the memory engine, each in a folder of its own, and the commands a person gives them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Line, type Running, start } from './daemon-process.ts';

const LBCTL = join(import.meta.dirname, '../../lbctl');
const LIMIT_MS = 60_000;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Daemons {
  /** Ready when it resolves. `objects` is what the configuration says besides the node itself. */
  start(name: string, objects: string): Promise<RunningDaemon>;
}

/** Ends them and removes their folder after the tests of a file. */
export function openDaemons(prefix: string): Daemons {
  const root = mkdtempSync(join(tmpdir(), `lbctl-${prefix}-`));
  const all: RunningDaemon[] = [];
  after(async () => {
    await Promise.all(all.map((daemon) => daemon.stop('SIGKILL')));
    rmSync(root, { recursive: true });
  });
  return {
    async start(name, objects) {
      const daemon = new RunningDaemon(join(root, name));
      all.push(daemon);
      daemon.write(objects);
      await daemon.begin();
      return daemon;
    },
  };
}

export class RunningDaemon {
  readonly folder: string;
  readonly config: string;
  readonly socket: string;
  #running: Running | undefined;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.config = join(folder, 'lb.yaml');
    this.socket = join(folder, 'api.sock');
  }

  get pid(): number {
    return this.#running?.child.pid ?? assert.fail('no daemon runs');
  }

  get lines(): readonly Line[] {
    return this.#running?.lines ?? [];
  }

  write(objects: string): void {
    const { folder, socket } = this;
    const api = objects.includes('\napi:') ? '' : `api: { socket: ${socket} }`;
    writeFileSync(
      this.config,
      `
node: { name: lb-a, role: single }
network: { frontend: { interface: lo } }
system: { state_dir: ${folder}/state, run_dir: ${folder}/run }
daemon: { watch_files: false }
logging: { format: json }
${api}
metrics: { prometheus: { enabled: false } }
${objects}`,
    );
  }

  async begin(): Promise<void> {
    this.#running = start(this.config);
    await this.#running.next('ready');
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.child.kill(signal);
    await running?.ended;
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.stop(signal);
    await this.begin();
  }

  lbctl(...args: readonly string[]): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn(LBCTL, args, {
        env: { PATH: process.env.PATH, LBCTL_SOCKET: this.socket, LBCTL_CONFIG: this.config },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: LIMIT_MS,
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
      child.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString();
      });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, out, err }));
    });
  }

  /** Member rows in the data plane, drained ones aside. */
  async members(): Promise<number> {
    const { out, err } = await this.lbctl('status', '-o', 'json');
    assert.notEqual(out, '', err);
    const { listeners } = JSON.parse(out) as { listeners: { members: { reason: string }[] }[] };
    return listeners.flatMap((one) => one.members).filter((one) => one.reason !== 'Draining').length;
  }

  /** Waits at most fifteen seconds. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 300; i++) {
      if (await holds()) return;
      await sleep(50);
    }
    assert.fail(`not within 15 s: ${JSON.stringify(this.lines.slice(-5))}`);
  }
}
