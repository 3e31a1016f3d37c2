// The real NftPort: `nft -j` as a process, about 5 ms a change (decision 0032).
import { spawn } from 'node:child_process';
import { OpError } from '../model/errors.ts';
import type { NftObject, NftPort } from './ports.ts';

const TIMEOUT_MS = 20_000;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class NftProcess implements NftPort {
  readonly #binary: string;

  constructor(binary = 'nft') {
    this.#binary = binary;
  }

  async listTable(family: string, name: string): Promise<readonly NftObject[] | undefined> {
    const target = `${family} ${name}`;
    const outcome = await this.#run(['-j', 'list', 'table', family, name], '', target);
    if (outcome.code === 0) return (JSON.parse(outcome.stdout) as { nftables: NftObject[] }).nftables;
    if (outcome.stderr.includes('No such file or directory')) return undefined;
    throw refusal('nft -j list table', target, outcome.stderr);
  }

  async run(commands: readonly NftObject[]): Promise<void> {
    if (commands.length === 0) return;
    const outcome = await this.#run(['-j', '-f', '-'], JSON.stringify({ nftables: commands }), 'ruleset');
    if (outcome.code !== 0) throw refusal('nft -j -f -', 'inet lbctl', outcome.stderr);
  }

  #run(args: readonly string[], input: string, target: string): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#binary, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.on('error', (cause: NodeJS.ErrnoException) =>
        reject(
          new OpError(
            'NFT_FAILED',
            `Cannot run "${this.#binary}": ${cause.message}`,
            { op: 'exec', target, errno: cause.code ?? 'EIO' },
            { cause, retry: 'on-change', hint: 'Install the package "nftables"' },
          ),
        ),
      );
      // A program that dies before it read everything is told by its exit code, not by the broken pipe.
      child.stdin.on('error', () => {});
      child.on('close', (code) =>
        resolve({
          code,
          stdout: Buffer.concat(stdout).toString('utf8'),
          stderr: Buffer.concat(stderr).toString('utf8'),
        }),
      );
      child.stdin.end(input);
    });
  }
}

/** The first line says what; the rest draws an arrow under the JSON, which nobody reads. */
function refusal(op: string, target: string, stderr: string): OpError {
  const message = stderr.split('\n')[0]?.trim() ?? '';
  const denied = message.includes('Operation not permitted');
  return new OpError(
    denied ? 'DENIED' : 'NFT_FAILED',
    `Cannot change nftables on "${target}" as nft refused: ${message}`,
    { op, target, kernelMessage: message },
    denied ? { retry: 'never', hint: 'Run as root or grant CAP_NET_ADMIN' } : {},
  );
}
