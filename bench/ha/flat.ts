// The flat pair: VRRP by keepalived and by FRR, a graceful handover, BFD, and keepalived alone as an operator would run it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FrrProgram } from '../../lab/frr.ts';
import { frrVrrpConfig, startFrrPair } from '../../lab/frr-pair.ts';
import { ADDRESS_A, ADDRESS_B, bfdConfig, buildPair, type Pair, pairConfig, VIP } from '../../lab/ha-pair.ts';
import { fastBfd } from './fast-bfd.ts';
import { type Progress, type Series, trials } from './trials.ts';

export async function keepalivedAlone(series: Series, tell: Progress): Promise<void> {
  const pair = buildPair('bhak');
  const dir = mkdtempSync(join(tmpdir(), 'bhak-'));
  try {
    for (const [node, priority] of [
      [pair.a, 250],
      [pair.b, 200],
    ] as const) {
      const path = join(dir, `${priority}`);
      writeFileSync(path, byHand(priority));
      const files = ['-f', path, '-p', `${path}.pid`, '-r', `${path}.vrrp`];
      node.host.spawn(['keepalived', '-n', '-l', '-G', '-P', ...files]);
      await sleep(1000);
    }
    await cutAgainAndAgain(pair, () => sleep(1500), series, tell);
  } finally {
    await pair.close();
    rmSync(dir, { recursive: true });
  }
}

function byHand(priority: number): string {
  return `vrrp_instance a {
  state BACKUP
  version 3
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 0.1
  virtual_ipaddress {
    ${VIP}/32 dev eth0
  }
}
`;
}

export function vrrpCut(series: Series, tell: Progress): Promise<void> {
  return withPair('bhav', (pair) => cutAgainAndAgain(pair, () => back(pair), series, tell));
}

export function handover(series: Series, tell: Progress): Promise<void> {
  return withPair('bhah', (pair) => {
    const fail = (): Promise<unknown> => pair.a.call('handover');
    const repair = async (): Promise<void> => {
      await pair.a.call('maintenance', false);
      await back(pair);
    };
    return trials(series, { client: pair.client, address: VIP }, { fail, repair }, tell);
  });
}

export const frrVrrp = (series: Series, tell: Progress): Promise<void> =>
  cutWithFrr('bhar', ['zebra', 'vrrpd'], frrVrrpConfig, series, tell);

export const bfd = (series: Series, tell: Progress): Promise<void> =>
  cutWithFrr('bhab', ['zebra', 'bfdd'], bfdConfig, series, tell);

async function withPair(prefix: string, act: (pair: Pair) => Promise<void>): Promise<void> {
  const pair = buildPair(prefix);
  try {
    await pair.a.start(pairConfig('primary'));
    await pair.b.start(pairConfig('secondary'));
    await back(pair);
    await sleep(1000);
    await act(pair);
  } finally {
    await pair.close();
  }
}

async function cutWithFrr(
  prefix: string,
  programs: readonly FrrProgram[],
  configOf: (role: 'primary' | 'secondary') => string,
  series: Series,
  tell: Progress,
): Promise<void> {
  const pair = await startFrrPair(prefix, programs, configOf);
  const settled = async (): Promise<void> => {
    await back(pair);
    if (programs.includes('bfdd')) await fastBfd([pair.frr[0], ADDRESS_B], [pair.frr[1], ADDRESS_A]);
  };
  try {
    await settled();
    await cutAgainAndAgain(pair, settled, series, tell);
  } finally {
    await pair.close();
  }
}

function cutAgainAndAgain(
  pair: Pair,
  settled: () => Promise<unknown>,
  series: Series,
  tell: Progress,
): Promise<void> {
  const repair = async (): Promise<void> => {
    pair.cut('a', false);
    await settled();
  };
  const fail = (): void => pair.cut('a', true);
  return trials(series, { client: pair.client, address: VIP }, { fail, repair }, tell);
}

/** A role lost again and again comes back later each time: that is damping, and no part of the outage. */
async function back({ a, b }: Pair): Promise<void> {
  await a.roleIs('active', 120_000);
  await b.roleIs('standby', 120_000);
  await sleep(300);
}
