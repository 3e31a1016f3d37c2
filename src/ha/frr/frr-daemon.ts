// One FRR daemon: brings what is ours in its configuration to what is wanted, sending no more than the difference.
import { runInRealTime } from '../../kernel/real-time.ts';
import { Vty } from '../../kernel/vty.ts';
import {
  type ConfigChange,
  type ConfigTree,
  changesBetween,
  type Ownership,
  readRunning,
  unseen,
} from './config-tree.ts';

export class FrrDaemon {
  readonly #path: string;
  #vty: Vty | undefined;
  #silent: ReadonlySet<string> = new Set();
  #wanted = '';
  #sent = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Commands that changed something, since the start. */
  get sent(): number {
    return this.#sent;
  }

  /** `ownershipOf` sees what runs, to learn what an earlier run of ours made. */
  async apply(
    wanted: readonly ConfigTree[],
    ownershipOf: (running: readonly ConfigTree[]) => Ownership,
  ): Promise<void> {
    const running = await this.running();
    const ownership = ownershipOf(running);
    const known = JSON.stringify(wanted);
    let changes = changesBetween(running, wanted, ownership, this.#silent);
    // We want what we wanted before, and it is not there: somebody took it away, with lines perhaps that FRR never shows.
    if (changes.length > 0 && known === this.#wanted)
      changes = changesBetween(running, wanted, ownership, new Set());
    this.#wanted = known;
    for (const change of changes) await this.#send(change);
    if (changes.length > 0) this.#silent = new Set(unseen(await this.running(), wanted));
  }

  async running(): Promise<readonly ConfigTree[]> {
    return readRunning(await (await this.#open()).ask('show running-config'));
  }

  /** A `show ... json`; undefined where the answer is none. */
  async show(command: string): Promise<unknown> {
    const text = await (await this.#open()).ask(command);
    try {
      return JSON.parse(text);
    } catch {
      // bgpd answers with nothing, or a sentence, where no router is configured.
      return undefined;
    }
  }

  /**
   * For daemons that say every few dozen milliseconds that this node lives: where everything computes, an ordinary program
   * waits longer than that for its turn. Tells why it stays one.
   */
  keepsTime(): Promise<string | undefined> {
    return runInRealTime(this.#path.replace(/\.vty$/, '.pid'));
  }

  close(): void {
    this.#vty?.close();
    this.#vty = undefined;
  }

  async #open(): Promise<Vty> {
    if (this.#vty?.isOpen === true) return this.#vty;
    // Another connection may mean another daemon, which was told nothing yet.
    this.#silent = new Set();
    this.#vty = await Vty.open(this.#path);
    return this.#vty;
  }

  /** A refused line leaves the rest undone: what was sent stays, and the next apply goes on from there. */
  async #send(change: ConfigChange): Promise<void> {
    const vty = await this.#open();
    await vty.ask('configure terminal');
    try {
      for (const line of change.path) await vty.ask(line);
      for (const line of change.commands) {
        await vty.ask(line, withoutSecret(line));
        this.#sent++;
      }
    } finally {
      if (vty.isOpen) await vty.ask('end');
    }
  }
}

function withoutSecret(line: string): string {
  return line.replace(/( password ).*/, '$1[redacted]');
}
