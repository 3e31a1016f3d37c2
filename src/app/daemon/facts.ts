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
  /** Called before they hold; where it throws, they do not. */
  readonly onOverrides: (overrides: ReadonlyMap<string, Override>) => void;
  readonly onGone: (gone: ReadonlyMap<string, number>) => void;
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
    const { nowMs, health, engines, roles } = this.#options;
    return {
      nowMs: nowMs(),
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
    this.#options.onOverrides(next);
    this.#overrides = next;
  }

  /** Those that are configured from now on. Gives the members whose overrides are forgotten. Throws where that cannot be kept. */
  setMembers(members: ReadonlySet<string>): readonly string[] {
    const { nowMs, onOverrides, onGone } = this.#options;
    const now = nowMs();
    const since = (member: string): number => this.#gone.get(member) ?? now;
    const all = [...this.#overrides.keys()];
    const forgotten = all.filter((member) => now - since(member) >= FORGET_MS);
    const gone = all.filter((member) => !members.has(member) && !forgotten.includes(member));
    this.#gone = new Map(gone.map((member) => [member, since(member)]));
    if (forgotten.length > 0) {
      this.#overrides = new Map([...this.#overrides].filter(([member]) => !forgotten.includes(member)));
      onOverrides(this.#overrides);
    }
    onGone(this.#gone);
    return forgotten;
  }

  overrides(): ReadonlyMap<string, Override> {
    return this.#overrides;
  }
}
