// script: a program of the operator's decides. Exit 0 is up, 1 is down, 2-255 set the weight to code - 2 where asked.
import { runProgram } from '../../kernel/process.ts';
import { Secret } from '../../lib/secret.ts';
import { type Checker, type CheckOf, type CheckOutcome, failed, PASSED, pathReason } from './checker.ts';
import { excerpt } from './tcp.ts';

/** The address and port of the member stand in LBCTL_ADDRESS and LBCTL_PORT. */
export const checkScript: Checker<'script'> = async (check, target, signal) => {
  const env = { LBCTL_ADDRESS: target.address, LBCTL_PORT: `${target.port}`, ...revealed(check) };
  const end = await runProgram(
    check.command,
    { env, ...(check.user === undefined ? {} : { user: check.user }) },
    signal,
  );
  switch (end.kind) {
    case 'exit':
      return verdictOn(check, end.code, end.output);
    case 'killed':
      return failed(`The script was ended by ${end.by}${lastLine(end.output)}`);
    case 'aborted':
      return failed('Timed out; the script and all it started were killed');
    case 'not-run':
      return failed(`Cannot run "${check.command[0] ?? ''}": ${pathReason(end.why)}`);
  }
};

function verdictOn(check: CheckOf<'script'>, code: number, output: string): CheckOutcome {
  if (code === 0) return PASSED;
  if (code >= 2 && check.dynamicWeight) return { ok: true, weight: code - 2 };
  return failed(`The script ended with code ${code}${lastLine(output)}`);
}

function lastLine(output: string): string {
  const line = output.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${excerpt(line)}`;
}

function revealed(check: CheckOf<'script'>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(check.environment).map(([name, value]) => [
      name,
      value instanceof Secret ? value.reveal() : value,
    ]),
  );
}
