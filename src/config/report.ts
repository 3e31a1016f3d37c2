// Collects faults while reading; places and texts are looked up only once it is known that there is something to say.
import type { Severity } from '../model/diagnostic.ts';
import type { RuleId } from './check/rules.ts';
import { RULES } from './check/rules.ts';
import type { Path } from './source.ts';

/** Where in the canonical form of which file. */
export interface Origin {
  /** Index into the files given to loadConfig. */
  readonly file: number;
  readonly path: Path;
}

export interface Finding {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly origin: Origin;
  /** Whether the caret stands under the key or under its value. */
  readonly what: 'key' | 'value';
  readonly message: string;
  readonly hint?: string;
  /** The other of two that clash; its place is added to the message. */
  readonly other?: Origin;
  /** True keeps what stands there out of the diagnostic. */
  readonly secret?: boolean;
  /** The path is already the one the person wrote, not that of the canonical form. */
  readonly written?: true;
}

export interface FindingOptions {
  readonly what?: 'key' | 'value';
  readonly hint?: string | undefined;
  readonly other?: Origin;
  readonly secret?: boolean;
}

export class Report {
  readonly findings: Finding[] = [];

  add(rule: RuleId, origin: Origin, message: string, options: FindingOptions = {}): Finding {
    const { what = 'value', hint, other, secret } = options;
    return this.repeat({
      rule,
      severity: RULES[rule].severity,
      origin,
      what,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(other === undefined ? {} : { other }),
      ...(secret === true ? { secret } : {}),
    });
  }

  /** What was found before, and is so still. */
  repeat(finding: Finding): Finding {
    this.findings.push(finding);
    return finding;
  }

  /** A finding that comes with its path as written and a severity of its own. */
  addWritten(
    rule: RuleId,
    origin: Origin,
    finding: Pick<Finding, 'severity' | 'what' | 'message'> & { readonly hint: string },
  ): void {
    const { severity, what, message, hint } = finding;
    this.findings.push({ rule, severity, origin, what, message, hint, written: true });
  }

  hasErrors(): boolean {
    return this.findings.some((finding) => finding.severity === 'error');
  }
}

export function below(origin: Origin, ...path: Path): Origin {
  return { file: origin.file, path: [...origin.path, ...path] };
}
