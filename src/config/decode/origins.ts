// Where each decoded object stands. Asked for where something is to be said, which is seldom: the table is made then.
import type { Origin } from '../report.ts';

export class Origins {
  readonly #objects: object[] = [];
  readonly #origins: Origin[] = [];
  #table: Map<object, Origin> | undefined;

  set(object: object, origin: Origin): void {
    this.#objects.push(object);
    this.#origins.push(origin);
    this.#table = undefined;
  }

  get(object: object): Origin | undefined {
    this.#table ??= new Map(this.#objects.map((one, i) => [one, this.#origins[i]!]));
    return this.#table.get(object);
  }
}
