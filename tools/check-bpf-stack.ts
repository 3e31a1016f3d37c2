// Holds the XDP program to the stack that Linux 6.1 gives it: newer kernels take more, so their verifier does not tell.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chainsOf, formatChain, refusalOf } from './lib/bpf-stack.ts';
import { type Finding, isMain, ROOT, report } from './lib/finding.ts';

const OBJECT = 'build/bpf/steelyard.bpf.o';

export function checkBpfStack(file: string, object: Uint8Array): Finding[] {
  return chainsOf(object).flatMap((chain) => {
    const refusal = refusalOf(chain);
    if (refusal === undefined) return [];
    return {
      file,
      line: 0,
      message: `${refusal} before Linux 6.8: ${formatChain(chain)}`,
      cure: 'make a frame of the chain smaller, inline one of its functions, or keep what it holds in struct work',
    };
  });
}

if (isMain(import.meta)) {
  // Only what changed is built.
  execFileSync('make', ['-s', '-f', 'bpf/bpf.mk', OBJECT], { cwd: ROOT, stdio: 'inherit' });
  report(checkBpfStack(OBJECT, readFileSync(join(ROOT, OBJECT))));
}
