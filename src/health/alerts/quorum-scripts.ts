// The programs a pool names for its quorum, `on_up` and `on_down`. They act rather than tell, so no limit and no batch holds
// them back; those of one pool run one after another, in the order of what happened.
import type { EngineEvent } from '../../engine/events.ts';
import { runProgram } from '../../kernel/process.ts';
import { commandWords } from '../../lib/command-words.ts';
import type { Intent } from '../../model/intent.ts';

/** One that takes longer is killed with all it started: the next change must not wait for ever. */
const TIMEOUT_MS = 30_000;

export interface QuorumScriptsOptions {
  /** A program that failed; told, never thrown. */
  readonly onFault: (channel: string, message: string) => void;
}

export class QuorumScripts {
  readonly #options: QuorumScriptsOptions;
  #intent: Intent | undefined;
  readonly #queues = new Map<string, Promise<void>>();

  constructor(options: QuorumScriptsOptions) {
    this.#options = options;
  }

  setIntent(intent: Intent): void {
    this.#intent = intent;
  }

  emit(event: EngineEvent): void {
    if (event.kind !== 'quorum-changed') return;
    const quorum = this.#intent?.pools.get(event.pool)?.quorum;
    const line = event.held ? quorum?.onUp : quorum?.onDown;
    if (line === undefined) return;
    const before = this.#queues.get(event.pool) ?? Promise.resolve();
    const done = before.then(() => this.#run(line, event));
    this.#queues.set(event.pool, done);
    void done.then(() => {
      if (this.#queues.get(event.pool) === done) this.#queues.delete(event.pool);
    });
  }

  /** What was begun is ended. */
  async close(): Promise<void> {
    await Promise.all(this.#queues.values());
  }

  async #run(line: string, event: Extract<EngineEvent, { kind: 'quorum-changed' }>): Promise<void> {
    const env = {
      LBCTL_NODE: this.#intent?.node.name ?? '',
      LBCTL_POOL: event.pool,
      LBCTL_QUORUM: event.held ? 'up' : 'down',
      LBCTL_MEMBERS: event.members ?? 'all',
    };
    const words = commandWords(line) ?? [];
    const end = await runProgram(words, { env }, AbortSignal.timeout(TIMEOUT_MS));
    if (end.kind === 'exit' && end.code === 0) return;
    // Its arguments may hold a password.
    this.#options.onFault(words[0] ?? '', `The quorum script ended with ${JSON.stringify(end)}`);
  }
}
