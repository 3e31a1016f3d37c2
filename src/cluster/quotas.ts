// How much each project may have: set by admins through the API, kept in state.db.
import type { ProjectQuota, Quota } from '../model/project.ts';
import type { TokenStore } from './api-tokens.ts';

const PLACE = 'quotas';

export class Quotas {
  readonly #store: TokenStore;
  readonly #quotas: Map<string, Quota>;

  constructor(store: TokenStore) {
    this.#store = store;
    this.#quotas = new Map(store.recall<[string, Quota][]>(PLACE) ?? []);
  }

  /** Undefined where nothing is limited. */
  of(project: string): Quota | undefined {
    return this.#quotas.get(project);
  }

  list(): readonly ProjectQuota[] {
    return [...this.#quotas].map(([project, quota]) => ({ project, quota }));
  }

  /** What is over it already stays; more of it is refused. Undefined limits nothing any more. */
  set(project: string, quota: Quota | undefined): void {
    const quotas = new Map(this.#quotas);
    if (quota === undefined) quotas.delete(project);
    else quotas.set(project, quota);
    // First on disk: an admin must hear of what could not be kept.
    this.#store.remember(PLACE, [...quotas]);
    this.#quotas.clear();
    for (const [name, one] of quotas) this.#quotas.set(name, one);
  }
}
