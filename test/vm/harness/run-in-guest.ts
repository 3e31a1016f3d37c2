// Runs a shell script in a guest that has the machine's own files and a kernel with IPVS, and brings back what it said.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bootScript, CODE_FILE, OUTPUT_FILE, SCRIPT_FILE } from './boot-script.ts';
import { guestKernel } from './guest-kernel.ts';
import { buildInitramfs, ROOT_TAG, SHARE_TAG } from './initramfs.ts';

export interface GuestRun {
  /** Shell text; starts in the checkout, may load modules and change the network as it likes. */
  readonly script: string;
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Names of files the script writes into $GUEST_SHARE and that come back. */
  readonly collect?: readonly string[];
}

export interface GuestResult {
  readonly code: number;
  readonly output: string;
  readonly files: Readonly<Record<string, string>>;
  readonly durationMs: number;
}

export const CHECKOUT = resolve(import.meta.dirname, '../../..');

export async function runInGuest(run: GuestRun): Promise<GuestResult> {
  const started = performance.now();
  const kernel = guestKernel();
  const share = mkdtempSync(join(tmpdir(), 'steelyard-guest-'));
  try {
    const initramfs = join(share, 'initramfs');
    writeFileSync(initramfs, buildInitramfs(kernel));
    const env = { GUEST_SHARE: '/run/guest', ...run.env };
    writeFileSync(join(share, 'boot.sh'), bootScript({ home: CHECKOUT, modules: kernel.modules, env }));
    writeFileSync(join(share, SCRIPT_FILE), run.script);
    const console = await boot(qemuArguments(kernel.image, initramfs, share), run.timeoutMs);
    return collect(share, run, console, performance.now() - started);
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

/** Translated, not accelerated: the project's machines are guests themselves, where KVM does not work. */
function qemuArguments(image: string, initramfs: string, share: string): string[] {
  return [
    // One thread plays both processors: where two really run side by side, V8 ends a process now and then, as it finds its
    // table of code pages wrong.
    ...['-accel', 'tcg,thread=single', '-cpu', 'max', '-smp', '2', '-m', '2048'],
    ...['-nic', 'none', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot'],
    ...['-kernel', image, '-initrd', initramfs],
    // no_timer_check: the kernel waits ten ticks for the timer and gives up; on a busy machine none may have come by then.
    ...['-append', 'console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off nokaslr no_timer_check'],
    ...['-fsdev', 'local,id=root,path=/,security_model=none,readonly=on,multidevs=remap'],
    ...['-device', `virtio-9p-pci,fsdev=root,mount_tag=${ROOT_TAG}`],
    ...['-fsdev', `local,id=share,path=${share},security_model=none`],
    ...['-device', `virtio-9p-pci,fsdev=share,mount_tag=${SHARE_TAG}`],
  ];
}

interface Console {
  readonly text: string;
  readonly timedOut: boolean;
}

function boot(args: readonly string[], timeoutMs: number): Promise<Console> {
  return new Promise((done, fail) => {
    const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    // A guest must not outlive the test run that wanted it.
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (cause) => {
      clearTimeout(timer);
      fail(new Error('Cannot boot a guest as "qemu-system-x86_64" does not start', { cause }));
    });
    child.on('close', () => {
      clearTimeout(timer);
      process.removeListener('exit', end);
      done({ text: Buffer.concat(chunks).toString('utf8'), timedOut });
    });
  });
}

function collect(share: string, run: GuestRun, console: Console, durationMs: number): GuestResult {
  const output = readIfThere(join(share, OUTPUT_FILE)) ?? '';
  const code = readIfThere(join(share, CODE_FILE));
  if (code === undefined) {
    const why = console.timedOut
      ? `it did not finish in ${run.timeoutMs} ms`
      : 'it stopped without an exit code';
    throw new Error(
      `Cannot finish the guest run as ${why}\n${tail(output)}\n-- console --\n${tail(console.text)}`,
    );
  }
  const files: Record<string, string> = {};
  for (const name of run.collect ?? []) {
    const text = readIfThere(join(share, name));
    if (text !== undefined) files[name] = text;
  }
  return { code: Number(code), output, files, durationMs };
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function tail(text: string): string {
  return text.split('\n').slice(-60).join('\n');
}
