// Runs inside the guest: executes every command of every set under strace and writes what it said to the kernel.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAPTURE_SETS, type CaptureSet } from './commands.ts';
import { formatCapture, readStraceDump, withoutController } from './strace-dump.ts';

const TRACE = '/tmp/capture.strace';
const share = process.env.GUEST_SHARE!;

function shell(command: string): void {
  const result = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`Cannot prepare with "${command}": ${result.stderr}`);
}

function record(command: string, keepController: boolean): string {
  const trace = ['-f', '-o', TRACE, '-s', '64', '-e', 'trace=sendmsg,sendto,recvmsg,recvfrom'];
  const argv = [...trace, '-e', 'write=all', '-e', 'read=all', ...command.split(' ')];
  const result = spawnSync('strace', argv, { encoding: 'utf8', maxBuffer: 64 << 20 });
  // With -o strace puts the bare pid before a line.
  const text = readFileSync(TRACE, 'utf8').replace(/^\d+ +(?=(send|recv))/gm, '');
  const exchanges = readStraceDump(text);
  const shown = keepController ? exchanges : withoutController(exchanges);
  return formatCapture(command, result.status ?? -1, result.stdout + result.stderr, shown);
}

function recordSet(set: CaptureSet): string {
  spawnSync('ipvsadm', ['-C']);
  for (const command of set.setup ?? []) shell(command);
  return set.commands.map((command) => record(command, false)).join('');
}

shell('modprobe ip_vs');
writeFileSync(join(share, 'family.txt'), record('ipvsadm -L --timeout', true));
for (const set of CAPTURE_SETS) writeFileSync(join(share, `${set.name}.txt`), recordSet(set));
