// The real NftPort: `nft -j` as a process, about 5 ms a change (decision 0032). Whether there is anything to list, and
// whether it changed, is asked by netlink, so that looking again is cheap.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpError, type Retry } from '../model/errors.ts';
import { readGeneration, writeGetGeneration, writeGetInetTable } from '../wire/netlink/nftables.ts';
import { NETLINK, NetlinkSocket } from './netlink/netlink-socket.ts';
import type { NftObject, NftPort } from './ports.ts';

/** Generous: the first rule of a kind makes the kernel load its modules. */
const TIMEOUT_MS = 60_000;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class NftProcess implements NftPort {
  readonly #binary: string;
  readonly #socket = new NetlinkSocket('netfilter', NETLINK.netfilter);

  constructor(binary = 'nft') {
    this.#binary = binary;
  }

  generation(): number {
    const [reply] = this.#socket.request({ op: 'NFT_MSG_GETGEN' }, writeGetGeneration);
    return readGeneration(reply!);
  }

  close(): void {
    this.#socket.close();
  }

  async listTable(family: string, name: string): Promise<readonly NftObject[] | undefined> {
    const target = `${family} ${name}`;
    if (family === 'inet' && !this.#hasInetTable(name)) return undefined;
    const outcome = await this.#run(['-j', 'list', 'table', family, name], target);
    if (outcome.code === 0) return (JSON.parse(outcome.stdout) as { nftables: NftObject[] }).nftables;
    if (outcome.stderr.includes('No such file or directory')) return undefined;
    throw refusal('nft -j list table', target, outcome.stderr);
  }

  async run(commands: readonly NftObject[]): Promise<void> {
    if (commands.length === 0) return;
    // By file: for "-" nft opens /dev/stdin by name, which fails on the socket that Node makes of a pipe.
    const folder = mkdtempSync(join(tmpdir(), 'lbctl-nft-'));
    const path = join(folder, 'commands');
    try {
      writeFileSync(path, JSON.stringify({ nftables: commands }), { mode: 0o600 });
      const outcome = await this.#run(['-j', '-f', path], 'ruleset');
      if (outcome.code !== 0) throw refusal('nft -j -f', 'inet lbctl', outcome.stderr);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #hasInetTable(name: string): boolean {
    try {
      this.#socket.request({ op: 'NFT_MSG_GETTABLE', target: name }, (writer, sequence) =>
        writeGetInetTable(writer, sequence, name),
      );
      return true;
    } catch (error) {
      if (error instanceof OpError && error.op.errno === 'ENOENT') return false;
      throw error;
    }
  }

  async #run(args: readonly string[], target: string): Promise<Outcome> {
    const child = spawn(this.#binary, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', (cause) => reject(notRun(this.#binary, target, cause)));
      child.on('close', resolve);
    });
    if (code === null) {
      throw new OpError(
        'TIMEOUT',
        `Cannot finish "${this.#binary} ${args.join(' ')}" as it did not end in ${TIMEOUT_MS} ms`,
        { op: 'exec', target, errno: 'ETIMEDOUT' },
      );
    }
    return {
      code,
      stdout: Buffer.concat(stdout).toString('utf8'),
      stderr: Buffer.concat(stderr).toString('utf8'),
    };
  }
}

function notRun(binary: string, target: string, cause: NodeJS.ErrnoException): OpError {
  return new OpError(
    'NFT_FAILED',
    `Cannot run "${binary}": ${cause.message}`,
    { op: 'exec', target, errno: cause.code ?? 'EIO' },
    { cause, retry: 'on-change', hint: 'Install the package "nftables"' },
  );
}

/** The first line says what; the rest draws an arrow under the JSON, which nobody reads. */
function refusal(op: string, target: string, stderr: string): OpError {
  const message = stderr.split('\n')[0]?.trim() ?? '';
  const denied = message.includes('Operation not permitted');
  return new OpError(
    denied ? 'DENIED' : 'NFT_FAILED',
    `Cannot change nftables on "${target}" as nft refused: ${message}`,
    { op, target, kernelMessage: message },
    denied ? { retry: 'never', hint: 'Run as root or grant CAP_NET_ADMIN' } : busyOnes(message),
  );
}

/** Somebody else made something that uses what goes, between our look and our transaction. */
function busyOnes(message: string): { readonly retry?: Retry; readonly hint?: string } {
  if (!message.includes('Device or resource busy')) return {};
  const hint =
    'Another program changes this table, and it is looked at again; "nft monitor" shows which rules come';
  return { retry: 'backoff', hint };
}
