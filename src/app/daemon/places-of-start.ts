// Paths that a daemon takes at its start alone: files are open there, or a program runs from there.
import type { Intent } from '../../model/intent.ts';
import type { Trouble } from '../../model/status.ts';

export interface Moved {
  /** In the configuration. */
  readonly key: string;
  readonly at: string;
  readonly wanted: string;
}

export class PlacesOfStart {
  readonly #at: ReadonlyMap<string, string>;
  #wanted: ReadonlyMap<string, string>;

  constructor(intent: Intent) {
    this.#at = placesOf(intent);
    this.#wanted = this.#at;
  }

  troubles(): readonly Trouble[] {
    return this.#waiting().map(({ key, at, wanted }) => ({
      message: `${key} is still "${at}": it changes to "${wanted}" with the next start`,
      cure: 'systemctl restart lbctl   (traffic goes on)',
    }));
  }

  /** What the next start brings. */
  #waiting(): readonly Moved[] {
    return [...this.#wanted].flatMap(([key, wanted]) => {
      const at = this.#at.get(key)!;
      return wanted === at ? [] : [{ key, at, wanted }];
    });
  }

  /** What a configuration asks for anew, and gets with the next start: until then it is not wholly in force. */
  moved(intent: Intent): readonly Moved[] {
    const before = this.#wanted;
    this.#wanted = placesOf(intent);
    return this.#waiting().filter(({ key, wanted }) => wanted !== before.get(key));
  }
}

function placesOf({ system, dataPlane }: Intent): ReadonlyMap<string, string> {
  return new Map([
    ['system.state_dir', system.stateDir],
    ['system.run_dir', system.runDir],
    ['data_plane.haproxy.binary', dataPlane.haproxy.binary],
  ]);
}
