// A peer that says it hears nothing may have said so a moment ago and hear again: of two that find each other both hold old
// complaints. Asked on the wire for its own address, one that hears us answers.
import { isSilent, type Wire } from './silence.ts';

/** Since when a peer is deaf that did not answer: no wait is needed to believe it. */
export const BEYOND_DOUBT = Number.NEGATIVE_INFINITY;

export interface DoubtsOptions extends Wire {
  /** Asked, it was silent. */
  onSilent(peer: string): void;
}

/** A neighbour answers within a millisecond; an answer lost once is no silence. */
const QUESTIONS = { count: 3, waitMs: 50 };

export class Doubts {
  readonly #options: DoubtsOptions;
  /** By peer: of which complaint it was asked, and whether it was silent. */
  readonly #asked = new Map<string, { readonly sinceMs: number; isSilent: boolean }>();

  constructor(options: DoubtsOptions) {
    this.#options = options;
  }

  /** Since when the peer is deaf, as it is heard to say; the first time it is asked. */
  since(peer: string, sinceMs: number | undefined): number | undefined {
    if (sinceMs === undefined) {
      this.#asked.delete(peer);
      return undefined;
    }
    const known = this.#asked.get(peer);
    if (known?.sinceMs === sinceMs) return known.isSilent ? BEYOND_DOUBT : sinceMs;
    const asked = { sinceMs, isSilent: false };
    this.#asked.set(peer, asked);
    void isSilent(peer, QUESTIONS, this.#options).then((silent) => {
      if (!silent || this.#asked.get(peer) !== asked) return;
      asked.isSilent = true;
      this.#options.onSilent(peer);
    });
    return sinceMs;
  }
}
