// What the daemon itself cannot do as it is configured, beside its work on data planes: asked for where Status is shown, so that
// what has passed is told no more.
import { LbError } from '../../model/errors.ts';
import type { Trouble } from '../../model/status.ts';

export class Troubles {
  readonly #sources: (() => readonly Trouble[])[] = [];

  add(source: () => readonly Trouble[]): void {
    this.#sources.push(source);
  }

  list(): readonly Trouble[] {
    return this.#sources.flatMap((source) => source());
  }
}

/** `cure` for errors that name none of their own. */
export function toTrouble(error: Error, cure: string): Trouble {
  return { message: error.message, cure: error instanceof LbError ? error.hint : cure };
}
