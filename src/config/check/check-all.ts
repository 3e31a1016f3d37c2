// Runs every semantic check. Each walks its objects once; together they are O(n log n).
import type { Decoded } from '../decode/intent.ts';
import type { Merged } from '../merge.ts';
import type { Report } from '../report.ts';
import { type Check, makeContext } from './context.ts';

const CHECKS: readonly Check[] = [];

export function checkAll(merged: Merged, decoded: Decoded, report: Report): void {
  const context = makeContext(merged, decoded, report);
  for (const check of CHECKS) check(context);
}
