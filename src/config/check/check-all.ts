// Runs every semantic check. Each walks its objects once; together they are O(n log n).
import type { Intent } from '../../model/intent.ts';
import type { Merged } from '../merge.ts';
import type { Report } from '../report.ts';
import { checkAddresses } from './addresses.ts';
import { checkBalancing } from './balancing.ts';
import { type Check, makeContext } from './context.ts';
import { checkDelivery } from './delivery.ts';
import { checkEngines } from './engines.ts';
import { checkHaGroups } from './ha-groups.ts';
import { checkHaRouting } from './ha-routing.ts';
import { checkHealth } from './health.ts';
import { checkHttpRules } from './http-rules.ts';
import { checkListenerShape } from './listener-shape.ts';
import { checkNode } from './node.ts';
import { checkPools } from './pools.ts';
import { checkPorts } from './ports.ts';
import { checkTls } from './tls.ts';

const CHECKS: readonly Check[] = [
  checkListenerShape,
  checkAddresses,
  checkPorts,
  checkEngines,
  checkDelivery,
  checkBalancing,
  checkTls,
  checkHttpRules,
  checkPools,
  checkHealth,
  checkHaGroups,
  checkHaRouting,
  checkNode,
];

export function checkAll(merged: Merged, intent: Intent, report: Report, values: readonly unknown[]): void {
  const context = makeContext(merged, intent, report, values);
  for (const check of CHECKS) check(context);
  context.open.keep();
}
