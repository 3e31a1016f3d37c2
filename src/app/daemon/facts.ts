// What is known of the world outside the Intent, gathered from who knows it: checks, operators, choosers of roles, probes.
import type { FactsSource } from '../../engine/ports.ts';
import type { Health } from '../../health/health.ts';
import type { EngineFact, Facts, Override, RoleFact } from '../../model/facts.ts';
import type { Intent } from '../../model/intent.ts';
import type { ConcreteEngine } from '../../model/protocol.ts';

export interface NodeFactsOptions {
  readonly nowMs: () => number;
  readonly health: Pick<Health, 'health'>;
  readonly engines: Readonly<Record<ConcreteEngine, EngineFact>>;
  /** Of before the restart. */
  readonly overrides?: readonly (readonly [member: string, override: Override])[];
  readonly onOverrides: (overrides: ReadonlyMap<string, Override>) => void;
}

export class NodeFacts implements FactsSource {
  readonly #options: NodeFactsOptions;
  readonly #overrides: Map<string, Override>;
  readonly #roles = new Map<string, RoleFact>();

  constructor(options: NodeFactsOptions) {
    this.#options = options;
    this.#overrides = new Map(options.overrides);
  }

  read(intent: Intent): Facts {
    const { nowMs, health, engines } = this.#options;
    return {
      nowMs: nowMs(),
      engines,
      roles: new Map(
        (intent.ha?.groups ?? []).flatMap(({ name }) => {
          const role = this.#roles.get(name);
          return role === undefined ? [] : [[name, role] as const];
        }),
      ),
      health: health.health(),
      overrides: new Map(this.#overrides),
      quorum: new Map(),
    };
  }

  /** Undefined resets the member to what configuration and checks say. */
  setOverride(member: string, override: Override | undefined): void {
    if (override === undefined) this.#overrides.delete(member);
    else this.#overrides.set(member, override);
    this.#options.onOverrides(this.#overrides);
  }

  overrides(): ReadonlyMap<string, Override> {
    return this.#overrides;
  }

  setRole(group: string, role: RoleFact): void {
    this.#roles.set(group, role);
  }

  roles(): ReadonlyMap<string, RoleFact> {
    return this.#roles;
  }
}
