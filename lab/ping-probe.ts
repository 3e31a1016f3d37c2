// A client that asks an address every ten milliseconds, as often as ping does, and tells for how long nobody answered.
// ICMP, as the kernel answers it: the figures then hold no time of a program that was late on a busy machine.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Host } from './netns.ts';
import { stop } from './process.ts';

export interface Outage {
  /** Wall clock of the last answer before, in milliseconds. */
  readonly fromMs: number;
  readonly ms: number;
  readonly lost: number;
}

const REPLY = /^\[(\d+\.\d+)\].*icmp_seq=(\d+)/;

export class PingProbe {
  readonly #child: ChildProcess;
  readonly #replies: { readonly atMs: number; readonly seq: number }[] = [];
  #rest = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout!.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')));
  }

  /** Resolves when the first answer is there. */
  static async start(from: Host, address: string): Promise<PingProbe> {
    const argv = ['ping', '-D', '-n', '-i', '0.01', '-W', '1', address];
    const probe = new PingProbe(from.spawn(argv, { stdio: ['ignore', 'pipe', 'ignore'] }));
    await probe.answered();
    return probe;
  }

  /** Waits for an answer that comes from now on. */
  async answered(withinMs = 10_000): Promise<void> {
    const before = this.#replies.length;
    const end = performance.now() + withinMs;
    while (this.#replies.length <= before) {
      if (performance.now() > end) throw new Error(`Cannot reach the address within ${withinMs} ms`);
      await new Promise<void>((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Times without an answer, in order: a request was lost, so a late client alone makes none. */
  outages(): readonly Outage[] {
    const outages: Outage[] = [];
    for (let i = 1; i < this.#replies.length; i++) {
      const [before, after] = [this.#replies[i - 1]!, this.#replies[i]!];
      const lost = ((after.seq - before.seq - 1) & 0xffff) as number;
      if (lost > 0 && lost < 0x8000)
        outages.push({ fromMs: before.atMs, ms: after.atMs - before.atMs, lost });
    }
    return outages;
  }

  /** The longest time without an answer that began at or after the moment given. */
  longestSince(sinceMs: number): number {
    return Math.max(0, ...this.#since(sinceMs).map((one) => one.ms));
  }

  lostSince(sinceMs: number): number {
    return this.#since(sinceMs).reduce((sum, one) => sum + one.lost, 0);
  }

  #since(sinceMs: number): readonly Outage[] {
    return this.outages().filter((one) => one.fromMs + one.ms >= sinceMs);
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, 'close');
    await stop(this.#child, 'SIGINT');
    await closed;
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const match = REPLY.exec(line);
      if (match !== null) this.#replies.push({ atMs: Number(match[1]) * 1000, seq: Number(match[2]) });
    }
  }
}
