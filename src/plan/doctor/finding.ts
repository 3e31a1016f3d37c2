// What the doctor says: one finding for each thing looked at, with what was seen and the exact cure.

export const SEVERITIES = ['error', 'warning', 'info', 'ok'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  /** Stable word for scripts: `ipvs-modules`, `rp-filter`. */
  readonly check: string;
  readonly severity: Severity;
  readonly title: string;
  /** What was seen, in the machine's own words. */
  readonly evidence: string;
  /** The command or line that cures it; absent where nothing needs to be cured. */
  readonly fix?: string;
}

export function ok(check: string, title: string, evidence: string): Finding {
  return { check, severity: 'ok', title, evidence };
}

export function fault(
  check: string,
  severity: 'error' | 'warning' | 'info',
  title: string,
  evidence: string,
  fix: string,
): Finding {
  return { check, severity, title, evidence, fix };
}
