// Looks at bfdd's sessions: states that changed before anybody listened, and while one is down what still comes in from there.
import type { Clock } from '../../lib/clock.ts';
import { FrrDaemon } from '../frr/frr-daemon.ts';
import { BEYOND_DOUBT, Doubts, type DoubtsOptions } from './doubts.ts';
import { Hearing } from './hearing.ts';
import { KnownNeighbours } from './known-neighbours.ts';

export interface SessionLooksOptions extends Pick<DoubtsOptions, 'route' | 'neighbours'> {
  readonly clock: Clock;
  onState(peer: string, up: boolean): void;
  /** Since when it is heard although it does not hear us, by the clock that never jumps. */
  onHeard(peer: string, sinceMs: number | undefined): void;
}

/** While a session is down: a packet comes once a second then. */
const LOOK_MS = 250;
/** After a look that came to nothing. */
const AGAIN_MS = 1000;

export class SessionLooks {
  readonly #options: SessionLooksOptions;
  /** A connection of its own: nobody asks while another one is told of a configuration. */
  readonly #bfdd: FrrDaemon;
  readonly #hearing = new Hearing();
  readonly #doubts: Doubts;
  readonly #neighbours: KnownNeighbours;
  #cancel: () => void = () => {};
  #isOneDown = false;
  #closed = false;

  constructor(path: string, options: SessionLooksOptions) {
    this.#bfdd = new FrrDaemon(path);
    this.#neighbours = new KnownNeighbours(options.clock);
    this.#options = options;
    this.#doubts = new Doubts({ ...options, onSilent: (peer) => options.onHeard(peer, BEYOND_DOUBT) });
  }

  /** The states that stand; while one of these sessions is down what comes in is looked at again and again. */
  async look(peers: ReadonlySet<string>): Promise<void> {
    for (const { peer, status } of await this.#see(peers))
      if (status === 'up' || status === 'down') this.#options.onState(peer, status === 'up');
  }

  /** A session came up, as who listens for states was told. */
  rise(peer: string): void {
    this.#hearing.rise(peer);
  }

  /** Of a session that went down. States are told at once by who listens for them: a look now and then would be late among those. */
  async listen(peers: ReadonlySet<string>): Promise<void> {
    // A bfdd that went away is told of by who listens to it. One that was late must be looked at again: else nobody would see
    // any more that the peer is heard, nor keep what is known of it.
    await this.#see(peers).catch(() => {
      this.#isOneDown = true;
      this.#again(peers, AGAIN_MS);
    });
  }

  async #see(peers: ReadonlySet<string>): Promise<readonly Row[]> {
    const { clock, onHeard } = this.#options;
    const rows = await this.#bfdd.show('show bfd peers json');
    const counters = await this.#bfdd.show('show bfd peers counters json');
    if (this.#closed) return [];
    let isOneDown = false;
    for (const row of rowsOf(rows)) {
      if (!peers.has(row.peer)) continue;
      if (row.status === 'up') this.#neighbours.forget(row.peer);
      else {
        isOneDown = true;
        void this.#neighbours.keep(row.peer);
      }
      const packetsIn = rowsOf(counters).find(({ peer }) => peer === row.peer)?.['control-packet-input'] ?? 0;
      const remoteDiagnostic = row['remote-diagnostic'] ?? '';
      const state = row.status === 'up' || row.status === 'init' ? row.status : 'down';
      const sight = { state, packetsIn, remoteDiagnostic } as const;
      const sinceMs = this.#doubts.since(row.peer, this.#hearing.see(row.peer, sight, clock.monotonicMs()));
      // Of a session that came up nothing is said before its state is told: for that moment the peer would look gone.
      if (state !== 'up') onHeard(row.peer, sinceMs);
    }
    this.#isOneDown = isOneDown;
    this.#again(peers, LOOK_MS);
    return rowsOf(rows);
  }

  #again(peers: ReadonlySet<string>, inMs: number): void {
    this.#cancel();
    if (this.#isOneDown && !this.#closed)
      this.#cancel = this.#options.clock.after(inMs, () => void this.listen(peers));
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#bfdd.close();
  }
}

interface Row {
  readonly peer: string;
  readonly status?: string;
  readonly 'remote-diagnostic'?: string;
  readonly 'control-packet-input'?: number;
}

function rowsOf(value: unknown): readonly Row[] {
  return Array.isArray(value) ? (value as Row[]).filter(({ peer }) => typeof peer === 'string') : [];
}
