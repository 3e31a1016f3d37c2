// keepalived.conf in, our YAML out, with an account of every directive.
import type { Diagnostic } from '../../../model/diagnostic.ts';
import { writeDocument } from './document.ts';
import { type ExpandInput, expandLines } from './expand.ts';
import { Ledger, type ReportLine } from './ledger.ts';
import { dropUnread, openScope } from './scope.ts';
import { readTree } from './tree.ts';

export interface ImportInput {
  /** As the person named it. */
  readonly file: string;
  readonly text: string;
  /** What keepalived is started with as `--config-id`: decides `@id` lines. */
  readonly configId?: string;
  readonly readInclude: ExpandInput['readInclude'];
}

export interface ImportResult {
  readonly yaml: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly report: readonly ReportLine[];
}

export function importKeepalived(input: ImportInput): ImportResult {
  const ledger = new Ledger();
  const lines = expandLines({ ...input, configId: input.configId ?? '' }, ledger);
  const directives = readTree(lines, ledger);
  if (directives.length === 0 && ledger.diagnostics().length === 0)
    ledger.say(
      'error',
      'import-empty',
      { file: input.file, line: 1, raw: input.text.split('\n', 1)[0]!.trim() },
      'The file holds no directive that counts, so there is nothing to import',
      'Name the keepalived.conf itself; "@name" lines count with --config-id',
    );
  const yaml = writeDocument(input.file, openScope(ledger, 'top', undefined, directives), ledger, () =>
    dropUnread(ledger, directives),
  );
  return { yaml, diagnostics: ledger.diagnostics(), report: ledger.report() };
}
