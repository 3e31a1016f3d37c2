// The moment at which an action takes effect: before it the action can be called off, after it it cannot.
import { InputError } from '../../model/errors.ts';

export class Withdrawal {
  #state: 'waiting' | 'begun' | 'withdrawn' = 'waiting';

  /** What is called next changes something; throws where nobody wants it any more. */
  readonly begin = (): void => {
    if (this.#state === 'withdrawn')
      throw new InputError('CONFLICT', 'Cannot go on as it was called off while it waited', {
        hint: 'Nothing of it was done: begin it again if it is wanted',
      });
    this.#state = 'begun';
  };

  /** False where it has begun. */
  withdraw(): boolean {
    if (this.#state === 'waiting') this.#state = 'withdrawn';
    return this.#state === 'withdrawn';
  }
}
