// Peers whose packets still come in while their session is down. RFC 5880 makes both ends go down when one direction is lost;
// the diagnostic of the one that went deaf tells the other which of the two it is.

export interface SessionSight {
  readonly up: boolean;
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
/** A session that is down sends once a second at the slowest; three of them lost are silence. */
const SILENCE_MS = 3500;

export class Hearing {
  readonly #known = new Map<string, Known>();

  /** Since when the peer is heard although it does not hear us; undefined where it does, or is silent. */
  see(peer: string, sight: SessionSight, nowMs: number): number | undefined {
    const known = this.#known.get(peer);
    const next = nextOf(known, sight, nowMs);
    this.#known.set(peer, next);
    return next.sinceMs;
  }
}

function nextOf(known: Known | undefined, sight: SessionSight, nowMs: number): Known {
  const base = { packetsIn: sight.packetsIn, wasUp: sight.up };
  if (known === undefined || sight.up) return { ...base, heardMs: Number.NEGATIVE_INFINITY };
  // While the session was up the peer had nothing to complain of: it said so since.
  const isHeard =
    sight.remoteDiagnostic === DEAF && (known.wasUp || sight.packetsIn > known.packetsIn) ? nowMs : undefined;
  const heardMs = isHeard ?? known.heardMs;
  if (sight.remoteDiagnostic !== DEAF || nowMs - heardMs > SILENCE_MS) return { ...base, heardMs };
  return { ...base, heardMs, sinceMs: known.sinceMs ?? nowMs };
}
