// Runs every check over the evidence and puts the worst first.
import { checkConntrack, checkIpvsTable } from './capacity-checks.ts';
import type { Evidence } from './evidence.ts';
import { type Finding, SEVERITIES, type Severity } from './finding.ts';
import { checkClock, checkConfigFiles, checkFiles, checkOtherTools, checkPrograms } from './host-checks.ts';
import { checkModules, checkPrivileges, checkReversePath, checkSysctls } from './kernel-checks.ts';
import type { Need } from './need.ts';
import { checkArp, checkDuplicates, checkInterfaces, checkTunnelMtu, checkVips } from './network-checks.ts';

const CHECKS: readonly ((need: Need, seen: Evidence) => Finding[])[] = [
  checkPrivileges,
  checkModules,
  checkSysctls,
  checkReversePath,
  checkInterfaces,
  checkVips,
  checkDuplicates,
  checkArp,
  checkTunnelMtu,
  checkConntrack,
  checkIpvsTable,
  checkClock,
  checkFiles,
  checkConfigFiles,
  checkOtherTools,
  checkPrograms,
];

export function diagnose(need: Need, seen: Evidence): readonly Finding[] {
  return worstFirst(CHECKS.flatMap((check) => check(need, seen)));
}

export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  // Array sorting keeps the order of equals, so that findings of one severity stay in the order of the checks.
  return findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

export function countFindings(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, info: 0, ok: 0 };
  for (const one of findings) counts[one.severity]++;
  return counts;
}
