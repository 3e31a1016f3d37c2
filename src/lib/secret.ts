// A value that must never be printed: every ordinary way of turning it into text says `[redacted]`.
import { inspect } from 'node:util';

const REDACTED = '[redacted]';

export class Secret {
  readonly #value: string;
  /** Where the value came from, safe to print: `file:/etc/lbctl/vrrp.key`, `env:VRRP_PASSWORD`, `inline`. */
  readonly source: string;

  constructor(value: string, source = 'inline') {
    this.#value = value;
    this.source = source;
  }

  /** The only way to the value. Call it at the last moment, where the outside needs the plain text. */
  reveal(): string {
    return this.#value;
  }

  equals(other: Secret): boolean {
    return this.#value === other.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
