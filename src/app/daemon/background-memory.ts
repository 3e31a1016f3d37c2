// What the daemon keeps on disk of its own accord: a disk that takes nothing is told once, and ends nothing. What an operator
// asks for goes another way, as he must hear that it could not be kept.
import type { Logger } from 'pino';
import { LbError } from '../../model/errors.ts';

export class BackgroundMemory {
  readonly #logger: Pick<Logger, 'error' | 'info'>;
  readonly #failing = new Set<string>();

  constructor(logger: Pick<Logger, 'error' | 'info'>) {
    this.#logger = logger;
  }

  /** `write` throws where the disk refuses: LbError, or an error of the system. Tried again when it is called again. */
  keep(what: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      const refused = error instanceof LbError || (error as NodeJS.ErrnoException).errno !== undefined;
      if (!refused) throw error;
      if (this.#failing.has(what)) return;
      this.#failing.add(what);
      this.#logger.error({ what, error: (error as Error).message }, 'state cannot be kept; traffic goes on');
      return;
    }
    if (this.#failing.delete(what)) this.#logger.info({ what }, 'state is kept again');
  }
}
