// What a process has cost so far, as the kernel counts it.
import { readdirSync, readFileSync } from 'node:fs';

/** User and system time: fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms. */
export function cpuMs(pid: string | number, task?: string): number {
  const path = task === undefined ? `/proc/${pid}/stat` : `/proc/${pid}/task/${task}/stat`;
  const fields = readFileSync(path, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** `VmRSS`, or `VmHWM` for its highest: proc_pid_status(5). */
export function statusMb(pid: string | number, name: string): number {
  return kbIn(`/proc/${pid}/status`, name) / 1024;
}

/** proc_pid_smaps(5): memory of its own (`Anonymous`), and pages of files that every process with them shares. */
export function mapsMb(pid: string | number, name: string): number {
  return kbIn(`/proc/${pid}/smaps_rollup`, name) / 1024;
}

/** By the name of the thread: those of V8 and libuv are many, and told together. */
export function threadMs(pid: string): Map<string, number> {
  const shares = new Map<string, number>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim();
    const name = task === pid ? 'the main thread' : text;
    shares.set(name, (shares.get(name) ?? 0) + cpuMs(pid, task));
  }
  return shares;
}

function kbIn(path: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(path, 'utf8'))?.[1]);
}
