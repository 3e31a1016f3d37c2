// What a change would do, before anybody asks for it: of a write, a reload and a rollback.
import type { Planned, WriteRequest } from '../../../engine/config-port.ts';
import type { Part } from '../../../engine/own-part.ts';
import { InputError, WaitingError } from '../../../model/errors.ts';
import type { Intent } from '../../../model/intent.ts';
import type { Plan } from '../../../model/plan.ts';
import { firstFault, isGood, type Loaded, loadWith, toFileSet } from './config-source.ts';
import { type DraftOptions, draftWrites } from './draft-writes.ts';
import { putInForce } from './in-force.ts';
import { ownFaults } from './own-faults.ts';
import type { StandingConfig } from './standing-config.ts';

export interface PreviewOptions extends DraftOptions {
  readonly loop: { preview(intent: Intent, part?: Part): Plan | undefined };
}

export class Previews {
  readonly #options: PreviewOptions;
  readonly #standing: StandingConfig;

  constructor(options: PreviewOptions, standing: StandingConfig) {
    this.#options = options;
    this.#standing = standing;
  }

  /** Who writes for a project is shown what is its own. */
  ofWrite(request: WriteRequest): Planned {
    const now = this.#standing.require();
    const next = draftWrites([request], now, this.#options);
    const { project } = request;
    if (project === undefined) return this.of(next.loaded);
    const { catalogue } = putInForce(next, undefined, now);
    const isOwn = (one: { readonly project?: string } | undefined): boolean => one?.project === project;
    const part: Part = {
      has: (kind, name) => isOwn(now.catalogue.get(kind, name)) || isOwn(catalogue.get(kind, name)),
    };
    const { edits } = next;
    const teller = { project, edits, catalogue: now.catalogue, intent: now.loaded.intent };
    const planned = this.of(next.loaded, part);
    return { ...planned, diagnostics: ownFaults(planned.diagnostics, teller) };
  }

  async ofReload(): Promise<Planned> {
    const { source } = this.#options;
    const disk = toFileSet(await source.read());
    const loaded = loadWith(source, disk, this.#standing.require().book.all());
    if (isGood(loaded)) return this.of(loaded);
    const { diagnostics } = loaded;
    throw new InputError('CONFIG_INVALID', `Cannot plan a reload: ${firstFault(diagnostics)}`, {
      details: { diagnostics },
    });
  }

  ofRollback(number: number): Planned {
    return this.of(this.#standing.read(number).loaded);
  }

  of({ intent, hash, diagnostics }: Loaded, part?: Part): Planned {
    const plan = this.#options.loop.preview(intent, part);
    if (plan !== undefined) return { plan, hash, diagnostics };
    throw new WaitingError('NOT_READY', 'Cannot plan as the first round has not finished yet');
  }
}
