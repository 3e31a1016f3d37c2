// Findings as a person reads them: the worst first, each with its evidence and the line that cures it.
import { type Paint, paint } from '../paint.ts';
import { countFindings } from './diagnose.ts';
import type { Finding, Severity } from './finding.ts';

const WORDS: Readonly<Record<Severity, string>> = { error: 'FAIL', warning: 'WARN', info: 'INFO', ok: 'OK' };

export function renderFindings(findings: readonly Finding[], colour: boolean): string {
  const ink = paint(colour);
  const lines = findings.map((finding) => renderFinding(finding, ink));
  const counts = countFindings(findings);
  const sum = `${counts.error} failed, ${counts.warning} to look at, ${counts.ok + counts.info} well`;
  return `${[...lines, '', ink.bold(sum)].join('\n')}\n`;
}

function renderFinding({ severity, title, evidence, fix }: Finding, ink: Paint): string {
  const colour = severity === 'error' ? ink.red : severity === 'warning' ? ink.yellow : ink.green;
  const first = `${colour(WORDS[severity].padEnd(4))}  ${title}: ${evidence}`;
  return fix === undefined ? first : `${first}\n      ${ink.dim('fix:')} ${fix}`;
}
