// What is known of the world outside the Intent, gathered from who knows it: checks, operators, choosers of roles, probes.
import type { FactsSource } from '../../engine/ports.ts';
import type { Health } from '../../health/health.ts';
import type { EngineFact, Facts, Override, RoleFact } from '../../model/facts.ts';
import type { ConcreteEngine } from '../../model/protocol.ts';

export interface NodeFactsOptions {
  readonly nowMs: () => number;
  readonly health: Pick<Health, 'health'>;
  readonly engines: Readonly<Record<ConcreteEngine, EngineFact>>;
  readonly roles: () => ReadonlyMap<string, RoleFact>;
  /** Of before the restart. */
  readonly overrides?: readonly (readonly [member: string, override: Override])[];
  /** Since when members with overrides are in no configuration, of before the restart. */
  readonly gone?: readonly (readonly [member: string, sinceMs: number])[];
  /** Throws where they cannot be kept: what an operator asks for does not hold then. */
  readonly keepOverrides: (overrides: ReadonlyMap<string, Override>) => void;
  readonly keepGone: (gone: ReadonlyMap<string, number>) => void;
  /** Of what changes by itself: it holds though it cannot be kept. */
  readonly keepSoon: (write: () => void) => void;
}

/**
 * A word about a member ends with the member. Not at once: a file that was saved too early, a trial or a rollback takes members
 * away that nobody meant to give traffic again.
 */
const FORGET_MS = 3_600_000;

export class NodeFacts implements FactsSource {
  readonly #options: NodeFactsOptions;
  #overrides: ReadonlyMap<string, Override>;
  #gone: ReadonlyMap<string, number>;

  constructor(options: NodeFactsOptions) {
    this.#options = options;
    this.#overrides = new Map(options.overrides);
    this.#gone = new Map(options.gone);
  }

  read(): Facts {
    const { health, engines, roles } = this.#options;
    const nowMs = this.#options.nowMs();
    this.#endOverrides(nowMs);
    return {
      nowMs,
      engines,
      roles: roles(),
      health: health.health(),
      overrides: new Map(this.#overrides),
      quorum: new Map(),
    };
  }

  /** Undefined resets the member to what configuration and checks say. */
  setOverride(member: string, override: Override | undefined): void {
    const next = new Map(this.#overrides);
    if (override === undefined) next.delete(member);
    else next.set(member, override);
    this.#options.keepOverrides(next);
    this.#overrides = next;
  }

  /** Those that are configured from now on. Gives the members whose overrides are forgotten. */
  setMembers(members: ReadonlySet<string>): readonly string[] {
    if (this.#overrides.size === 0) return [];
    const now = this.#options.nowMs();
    const since = (member: string): number => this.#gone.get(member) ?? now;
    const all = [...this.#overrides.keys()];
    const forgotten = all.filter((member) => now - since(member) >= FORGET_MS);
    const gone = all.filter((member) => !members.has(member) && !forgotten.includes(member));
    this.#gone = new Map(gone.map((member) => [member, since(member)]));
    if (forgotten.length > 0)
      this.#overrides = new Map([...this.#overrides].filter(([member]) => !forgotten.includes(member)));
    this.#keepSoon();
    return forgotten;
  }

  /** A word whose time is over is shown no more, and no clock that is set back brings it back. */
  #endOverrides(nowMs: number): void {
    const isOver = ({ untilMs }: Override): boolean => untilMs !== undefined && untilMs <= nowMs;
    if (![...this.#overrides.values()].some(isOver)) return;
    this.#overrides = new Map(
      [...this.#overrides].flatMap(([member, override]) => {
        if (!isOver(override)) return [[member, override]];
        const { untilMs: _, ...rest } = override;
        // Who has drained is down until somebody says otherwise.
        return override.state === 'drain' ? [[member, { ...rest, state: 'down' }]] : [];
      }),
    );
    this.#keepSoon();
  }

  #keepSoon(): void {
    const { keepOverrides, keepGone, keepSoon } = this.#options;
    keepSoon(() => {
      keepOverrides(this.#overrides);
      keepGone(this.#gone);
    });
  }

  overrides(): ReadonlyMap<string, Override> {
    return this.#overrides;
  }
}
