// Which interfaces the program is on, and keeping it so: one that was made anew, or that somebody else's program has left,
// is attached when it is seen.
import type { AttachMode } from '../../kernel/bpf/link.ts';
import type { BpfObject } from '../../kernel/bpf/object.ts';
import type { PlaneInterface } from '../../model/data-plane.ts';
import { type LbError, OpError } from '../../model/errors.ts';
import type { Attached, XdpProgram } from './program.ts';

export type AttachResult = Attached | { readonly name: string; readonly error: LbError };

export interface AttachmentsOptions {
  readonly program: XdpProgram;
  readonly object: BpfObject;
  readonly names: readonly string[];
  readonly wish: 'auto' | AttachMode;
  readonly indexOf: (name: string) => number | undefined;
}

export class Attachments {
  readonly #options: AttachmentsOptions;
  #results: readonly AttachResult[];

  constructor(options: AttachmentsOptions) {
    this.#options = options;
    this.#results = this.#attach();
  }

  get results(): readonly AttachResult[] {
    return this.#results;
  }

  /** Attaches again where an interface is not what it was; cheap where all is well. */
  look(): void {
    const { names, indexOf } = this.#options;
    const well = names.every((name, at) => {
      const result = this.#results[at]!;
      return 'ifindex' in result && result.ifindex === indexOf(name);
    });
    if (!well) this.#results = this.#attach();
  }

  state(): readonly PlaneInterface[] {
    return this.#results.map((one) =>
      'ifindex' in one ? { name: one.name, mode: one.mode } : { name: one.name, error: one.error.message },
    );
  }

  #attach(): readonly AttachResult[] {
    const { program, object, names, wish, indexOf } = this.#options;
    const present = names.flatMap((name) => {
      const ifindex = indexOf(name);
      return ifindex === undefined ? [] : [{ name, ifindex }];
    });
    const attached = new Map(program.attach(object, present, wish).map((one) => [one.name, one]));
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
