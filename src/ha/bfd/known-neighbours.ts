// Keeps what a node knows of where its peer is on the network while their session is down: a node that went deaf gets no answer
// to its questions any more, forgets the peer, and could not even say that it lives.
import { runProgram } from '../../kernel/process.ts';
import type { Clock } from '../../lib/clock.ts';

/** Well below the shortest time after which the kernel doubts an entry (15 s) and asks. */
const AGAIN_MS = 2000;
const COMMAND_MS = 2000;

interface Entry {
  readonly dev: string;
  readonly lladdr: string;
}

export class KnownNeighbours {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #keptMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The session is up: the kernel finds the peer by itself. */
  forget(peer: string): void {
    this.#entries.delete(peer);
    this.#keptMs.delete(peer);
  }

  /** Says again what was known. What the kernel learned anew since, as a peer may have another card now, is what counts. */
  async keep(peer: string): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - (this.#keptMs.get(peer) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return;
    this.#keptMs.set(peer, nowMs);
    const entry = readEntry(await ip('-j', 'neigh', 'show', 'to', peer)) ?? this.#entries.get(peer);
    // Not on a network of ours, or its link is down.
    if (entry === undefined) return;
    this.#entries.set(peer, entry);
    await ip('neigh', 'replace', peer, 'lladdr', entry.lladdr, 'dev', entry.dev, 'nud', 'reachable');
  }
}

/** Undefined where the kernel knows no hardware address. */
function readEntry(text: string): Entry | undefined {
  try {
    const rows = JSON.parse(text) as readonly Partial<Entry>[];
    return rows.find((row): row is Entry => row.dev !== undefined && row.lladdr !== undefined);
  } catch {
    return undefined;
  }
}

/** What cannot be said now is said the next time. */
async function ip(...args: readonly string[]): Promise<string> {
  const end = await runProgram(['ip', ...args], { env: {} }, AbortSignal.timeout(COMMAND_MS));
  return end.kind === 'exit' && end.code === 0 ? end.output : '';
}
