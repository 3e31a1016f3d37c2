// The HAProxy of the next Debian, and a client for what only that one speaks.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { exec } from '../../lab/process.ts';
import { nextPrograms } from './next-debian.ts';

/** A program that runs it. */
export function nextHaproxy(): string {
  return join(nextPrograms('haproxy', ['/usr/sbin/haproxy']), 'haproxy');
}

export interface H3Answer {
  /** Every frame and header as the client tells them. */
  readonly said: string;
  readonly body: string;
}

/** A real HTTP/3 client; what it gets it keeps in a folder, by the last part of the path. */
export async function askH3(host: string, port: number, url: string): Promise<H3Answer> {
  const folder = mkdtempSync(join(tmpdir(), 'sy-h3-'));
  try {
    const { stdout, stderr } = await exec(
      [
        'gtlsclient',
        '--exit-on-all-streams-close',
        '--no-quic-dump',
        '--timeout=10s',
        '--handshake-timeout=10s',
        `--download=${folder}`,
        host,
        String(port),
        url,
      ],
      { timeoutMs: 30_000 },
    );
    const file = join(folder, basename(new URL(url).pathname));
    return { said: stdout + stderr, body: existsSync(file) ? readFileSync(file, 'utf8') : '' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
