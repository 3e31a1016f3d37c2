// The programs that run on the hosts of a lab, by name: what `lbctl lab program` and lab/programs/main.ts start.
import { runLoad } from './load.ts';
import { serveWeb } from './web-server.ts';

export function runProgram([name = '', ...args]: readonly string[]): void {
  const [first = '', second = '', third] = args;
  if (name === 'web') serveWeb(first, Number(second));
  else if (name === 'load') runLoad(first, Number(second), third === undefined ? undefined : Number(third));
  else
    throw new Error(
      `Cannot run "${name}" on a host of a lab: there are web NAME PORT and load URL RATE [LIMIT_MS]`,
    );
}
