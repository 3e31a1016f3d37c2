// The members of the health benchmarks as Intents, and the process that plays them.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { HealthCheck } from '../../src/model/health-check.ts';
import type { Intent } from '../../src/model/intent.ts';
import type { Listener } from '../../src/model/listener.ts';
import type { Member } from '../../src/model/pool.ts';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
  TCP_CHECK,
} from '../../test/fixtures/build-intent.ts';

export const FALL = 3;
const TIMING = { rise: 1, first: 'first', viaVip: false, fall: FALL } as const;

export interface Members {
  readonly tcpPort: number;
  readonly httpPort: number;
  /** It accepts from now on and never answers. */
  readonly mute: (address: string) => void;
  readonly close: () => void;
}

export async function startMembers(): Promise<Members> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    [join(import.meta.dirname, '../health-members.ts')],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const [tcpPort, httpPort] = line.split(' ').map(Number) as [number, number];
  return {
    tcpPort,
    httpPort,
    mute: (address) => void child.stdin.write(`mute ${address}\n`),
    close: () => void child.stdin.end(),
  };
}

/** `127.0.1.0` and on: each its own target, all on loopback. */
export function addressOf(index: number): string {
  return `127.${1 + Math.floor(index / 62_500)}.${Math.floor(index / 250) % 250}.${1 + (index % 250)}`;
}

/** `perPool` members behind each listener. */
export function intentOf(
  count: number,
  port: number,
  check: HealthCheck,
  { perPool = count, ...listener }: Partial<Listener> & { readonly perPool?: number } = {},
): Intent {
  const list = Array.from(
    { length: count },
    (_, i): Member => buildMember(addressOf(i), { name: `m${i}`, checkPort: port }),
  );
  const pools = Array.from({ length: Math.ceil(count / perPool) }, (_, i) =>
    buildPool(`web${i}`, list.slice(i * perPool, (i + 1) * perPool), { checks: [check] }),
  );
  return buildIntent({
    vips: [buildVip('main', '192.0.2.10', { manage: false })],
    pools,
    listeners: pools.map(({ name }, i) => buildListener(name, 'main', 80 + i, { ...listener, pool: name })),
  });
}

export function tcpCheck(intervalMs: number): HealthCheck {
  return { ...TCP_CHECK, ...TIMING, timeoutMs: 1000, intervalMs, fastIntervalMs: intervalMs };
}

export function httpCheck(intervalMs: number, timeoutMs: number): HealthCheck {
  const requests = [
    { method: 'GET', path: '/', headers: {}, codes: [{ from: 200, to: 299 }], bodyInvert: false },
  ];
  return {
    ...TIMING,
    type: 'http',
    version: '1.1',
    requests,
    intervalMs,
    fastIntervalMs: intervalMs,
    timeoutMs,
  };
}
