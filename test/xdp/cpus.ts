// Which CPUs this thread runs on: BPF_PROG_RUN runs where it is called.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** As the kernel and taskset write it: `0-3,8`. */
export function allowedCpus(): string {
  return /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!;
}

export function cpusOf(list: string): readonly number[] {
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

export function pinTo(cpus: string): void {
  execFileSync('taskset', ['-p', '-c', cpus, String(process.pid)], { stdio: 'ignore' });
}
