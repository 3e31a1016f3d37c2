// A second master that does not hear this node, as frames get lost in one direction: only the one that hears can know, so it is
// the one that stands back, whatever the priorities say.
import { NOT_YIELDING, type Yielding, yieldAgain } from './yielding.ts';

/** VRRP itself calls a master dead after three silent adverts: the other one had as many of ours to hear. */
const ADVERTS = 3;

export class Unheard {
  #firstMs = Number.NEGATIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #yielding: Yielding = NOT_YIELDING;
  #standsBack = false;

  get standsBack(): boolean {
    return this.#standsBack;
  }

  /** An advert of lower priority while we are master. True when this node stands back from now on. */
  hear(nowMs: number, advertMs: number): boolean {
    if (nowMs - this.#lastMs > ADVERTS * advertMs) {
      this.#firstMs = nowMs;
      this.#count = 0;
    }
    this.#lastMs = nowMs;
    this.#count++;
    // Who gives way after a failover may say so in two adverts at once; they must come one interval after the other.
    const spanMs = (ADVERTS - 1) * advertMs * 0.9;
    if (this.#standsBack || this.#count < ADVERTS || nowMs - this.#firstMs < spanMs) return false;
    this.#yielding = yieldAgain(this.#yielding, nowMs);
    this.#standsBack = true;
    return true;
  }

  /** Long enough stood back: worth a look whether the other one hears us again. */
  isDue(nowMs: number): boolean {
    return this.#standsBack && nowMs >= this.#yielding.untilMs;
  }

  /** It hears us again, or is no more. How long the next time lasts is remembered. */
  end(): void {
    this.#standsBack = false;
    this.#count = 0;
  }

  forget(): void {
    this.end();
    this.#yielding = NOT_YIELDING;
  }
}
