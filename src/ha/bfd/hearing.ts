// Peers whose packets still come in while their session is down. RFC 5880 makes both ends go down when one direction is lost;
// the diagnostic of the one that went deaf tells the other which of the two it is.

export interface SessionSight {
  /** `init`: down, and the peer was heard within the detection time. */
  readonly state: 'up' | 'init' | 'down';
  /** Control packets received so far. */
  readonly packetsIn: number;
  /** What the peer last said of its own session. */
  readonly remoteDiagnostic: string;
}

interface Known {
  readonly packetsIn: number;
  readonly wasUp: boolean;
  /** When the last packet was noticed, and the first of this episode. */
  readonly heardMs: number;
  readonly sinceMs?: number;
}

const DEAF = 'control detection time expired';
/**
 * A session that is down sends once a second at the slowest; two of them lost are silence. bfdd neither takes nor counts what comes
 * in `init` from a peer that hears nobody: there its own detection time is the judge, and silence counts from its end.
 */
const SILENCE_MS = 2500;

export class Hearing {
  readonly #known = new Map<string, Known>();

  /** Since when the peer is heard although it does not hear us; undefined where it does, or is silent. */
  see(peer: string, sight: SessionSight, nowMs: number): number | undefined {
    const known = this.#known.get(peer);
    const next = nextOf(known, sight, nowMs);
    this.#known.set(peer, next);
    return next.sinceMs;
  }

  /** Its session came up: between two looks it may go down again, and what the peer said before is over. */
  rise(peer: string): void {
    const packetsIn = this.#known.get(peer)?.packetsIn ?? 0;
    this.#known.set(peer, { packetsIn, wasUp: true, heardMs: Number.NEGATIVE_INFINITY });
  }
}

function nextOf(known: Known | undefined, sight: SessionSight, nowMs: number): Known {
  const wasUp = sight.state === 'up';
  const base = { packetsIn: sight.packetsIn, wasUp };
  if (known === undefined || wasUp) return { ...base, heardMs: Number.NEGATIVE_INFINITY };
  // While the session was up the peer had nothing to complain of: it said so since.
  const isHeard = sight.state === 'init' || known.wasUp || sight.packetsIn > known.packetsIn;
  const isDeaf = sight.remoteDiagnostic === DEAF;
  const heardMs = isDeaf && isHeard ? nowMs : known.heardMs;
  if (!isDeaf || nowMs - heardMs > SILENCE_MS) return { ...base, heardMs };
  return { ...base, heardMs, sinceMs: known.sinceMs ?? nowMs };
}
