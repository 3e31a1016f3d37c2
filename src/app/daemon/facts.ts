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
  /** Called before they hold; where it throws, they do not. */
  readonly onOverrides: (overrides: ReadonlyMap<string, Override>) => void;
}

export class NodeFacts implements FactsSource {
  readonly #options: NodeFactsOptions;
  #overrides: ReadonlyMap<string, Override>;

  constructor(options: NodeFactsOptions) {
    this.#options = options;
    this.#overrides = new Map(options.overrides);
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

  overrides(): ReadonlyMap<string, Override> {
    return this.#overrides;
  }
}
