// The form in which results of tests run in the guest travel back: one JSON object a line.

export interface GuestTestResult {
  readonly file: string;
  /** Names from the outermost suite down. */
  readonly path: readonly string[];
  readonly ok: boolean;
  readonly skipped: boolean;
  readonly durationMs: number;
  /** What went wrong, with its stack. */
  readonly failure?: string;
}

export function formatResult(result: GuestTestResult): string {
  return `${JSON.stringify(result)}\n`;
}

export function parseResults(text: string): GuestTestResult[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as GuestTestResult);
}
