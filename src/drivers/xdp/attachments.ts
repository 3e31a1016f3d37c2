// Which interfaces the program is on, and keeping it so: one that was made anew, that somebody else's program has left, or
// whose pin was deleted, is attached when it is seen.
import type { AttachMode } from '../../kernel/bpf/link.ts';
import type { BpfObject } from '../../kernel/bpf/object.ts';
import type { PlaneInterface } from '../../model/data-plane.ts';
import { type LbError, OpError } from '../../model/errors.ts';
import type { Attached, XdpProgram } from './program.ts';

export type AttachResult = Attached | { readonly name: string; readonly error: LbError };

export interface AttachWish {
  readonly names: readonly string[];
  readonly mode: 'auto' | AttachMode;
}

export interface AttachmentsOptions {
  readonly program: XdpProgram;
  readonly object: BpfObject;
  readonly indexOf: (name: string) => number | undefined;
}

export class Attachments {
  readonly #options: AttachmentsOptions;
  #wish: AttachWish;
  #isNew = false;
  #isOtherMode = false;
  #results: readonly AttachResult[];

  constructor(wish: AttachWish, options: AttachmentsOptions) {
    this.#options = options;
    this.#wish = wish;
    this.#results = this.#attach();
  }

  /** The next look goes to the interfaces named now and leaves those that are not. */
  want(wish: AttachWish): void {
    if (wish.mode !== this.#wish.mode) this.#isOtherMode = true;
    if (wish.names.join() !== this.#wish.names.join()) this.#isNew = true;
    this.#wish = wish;
  }

  get results(): readonly AttachResult[] {
    return this.#results;
  }

  /** Attaches again where an interface is not what it was; cheap where all is well. */
  look(): void {
    const { program, object, indexOf } = this.#options;
    const { names } = this.#wish;
    const well = names.every((name, at) => {
      const result = this.#results[at];
      if (result === undefined || !('ifindex' in result)) return false;
      return result.ifindex === indexOf(name) && program.holds(result);
    });
    if (well && program.hasTables(object) && !this.#isNew && !this.#isOtherMode) return;
    this.#results = this.#attach();
    this.#isNew = this.#isOtherMode = false;
  }

  state(): readonly PlaneInterface[] {
    return this.#results.map((one) =>
      'ifindex' in one ? { name: one.name, mode: one.mode } : { name: one.name, error: one.error.message },
    );
  }

  #attach(): readonly AttachResult[] {
    const { program, object, indexOf } = this.#options;
    const { names, mode } = this.#wish;
    const present = names.flatMap((name) => {
      const ifindex = indexOf(name);
      return ifindex === undefined ? [] : [{ name, ifindex }];
    });
    const attached = new Map(
      program.attach(object, present, mode, this.#isOtherMode).map((one) => [one.name, one]),
    );
    return names.map((name) => attached.get(name) ?? { name, error: noLink(name) });
  }
}

function noLink(name: string): LbError {
  return new OpError(
    'NOT_FOUND',
    `Cannot attach to "${name}" as there is no such interface`,
    { op: 'RTM_GETLINK', target: name },
    { retry: 'on-change', hint: 'Correct data_plane.xdp.interfaces, or create the interface' },
  );
}
