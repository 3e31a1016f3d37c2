// What the daemon keeps on disk of its own accord: a disk that takes nothing is told once, and ends nothing. What an operator
// asks for goes another way, as he must hear that it could not be kept.
import type { Logger } from 'pino';
import { LbError } from '../../model/errors.ts';
import type { Trouble } from '../../model/status.ts';

const CURE = 'Make room in system.state_dir, or make it writable; it is tried again by itself';

export class BackgroundMemory {
  readonly #logger: Pick<Logger, 'error' | 'info'>;
  readonly #failing = new Map<string, { readonly message: string; readonly write: () => void }>();

  constructor(logger: Pick<Logger, 'error' | 'info'>) {
    this.#logger = logger;
  }

  /** One for all of it: it is one disk. */
  troubles(): readonly Trouble[] {
    const [first] = this.#failing.values();
    if (first === undefined) return [];
    const names = [...this.#failing.keys()].join(', ');
    return [{ message: `What is to outlive a restart is not kept (${names}): ${first.message}`, cure: CURE }];
  }

  /** The disk may take what it refused. */
  again(): void {
    const [first] = this.#failing;
    if (first !== undefined) this.keep(first[0], first[1].write);
  }

  /** `write` throws where the disk refuses: LbError, or an error of the system. Tried again when anything is kept. */
  keep(what: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      const refused = error instanceof LbError || (error as NodeJS.ErrnoException).errno !== undefined;
      if (!refused) throw error;
      const isKnown = this.#failing.has(what);
      this.#failing.set(what, { message: (error as Error).message, write });
      if (isKnown) return;
      this.#logger.error({ what, error: (error as Error).message }, 'state cannot be kept; traffic goes on');
      return;
    }
    if (this.#failing.delete(what)) this.#logger.info({ what }, 'state is kept again');
    // It is one disk, and some of it is written seldom.
    this.again();
  }
}
