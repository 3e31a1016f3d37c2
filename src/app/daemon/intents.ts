// The configuration on disk as the engine's source of Intent: read whole, refused whole, its diagnostics kept for whoever asks.

import type { LoadedConfig } from '../../cli/toolbox.ts';
import type { IntentResult, IntentSource } from '../../engine/ports.ts';
import { hasErrors } from '../../model/diagnostic.ts';
import type { Intent } from '../../model/intent.ts';

export interface FileIntentsOptions {
  readonly load: () => Promise<LoadedConfig>;
  /** Called with each Intent that is accepted, before the round that applies it. */
  readonly onIntent: (intent: Intent) => void;
}

export class FileIntents implements IntentSource {
  readonly #options: FileIntentsOptions;
  #last: LoadedConfig | undefined;

  constructor(options: FileIntentsOptions) {
    this.#options = options;
  }

  /** What the last reading said, accepted or not. */
  get last(): LoadedConfig | undefined {
    return this.#last;
  }

  async load(): Promise<IntentResult> {
    const loaded = await this.#options.load();
    this.#last = loaded;
    const { intent, hash, diagnostics } = loaded;
    if (intent === undefined || hash === undefined || hasErrors(diagnostics)) {
      const errors = diagnostics.filter((one) => one.severity === 'error');
      const first = errors[0];
      const where = first?.place === undefined ? '' : `${first.place.file}:${first.place.line}: `;
      const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
      return { ok: false, error: `${where}${first?.message ?? 'The configuration cannot be read'}${more}` };
    }
    this.#options.onIntent(intent);
    return { ok: true, intent, hash };
  }
}
