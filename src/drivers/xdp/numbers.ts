// Row numbers of a table: handed out in turn, so that a number rests as long as possible before it means something else.
import { OpError } from '../../model/errors.ts';

export class Numbers {
  readonly #taken: Uint8Array;
  readonly #what: string;
  readonly #setting: string;
  #next = 1;
  #used = 0;

  /** Row 0 is nobody's. `rows` counts it. */
  constructor(rows: number, what: string, setting: string) {
    this.#taken = new Uint8Array(rows);
    this.#what = what;
    this.#setting = setting;
  }

  get used(): number {
    return this.#used;
  }

  get capacity(): number {
    return this.#taken.length - 1;
  }

  adopt(number: number): void {
    if (this.#taken[number] === 1) return;
    this.#taken[number] = 1;
    this.#used++;
    if (number >= this.#next) this.#next = number + 1;
  }

  take(): number {
    if (this.#used >= this.capacity)
      throw new OpError(
        'XDP_LIMIT',
        `Cannot add a ${this.#what} as the table is full: current value is ${this.#used} of ${this.capacity}`,
        { op: 'take', target: this.#what },
        { retry: 'on-change', hint: `Raise data_plane.xdp.${this.#setting}` },
      );
    if (this.#next > this.capacity) this.#next = 1;
    while (this.#taken[this.#next] === 1) this.#next = this.#next >= this.capacity ? 1 : this.#next + 1;
    const number = this.#next++;
    this.#taken[number] = 1;
    this.#used++;
    return number;
  }

  release(number: number): void {
    if (this.#taken[number] !== 1) return;
    this.#taken[number] = 0;
    this.#used--;
  }
}
