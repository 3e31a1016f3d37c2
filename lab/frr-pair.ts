// Scenarios 5 and 7: the flat pair with FRR on both nodes.
import { type FrrProgram, LabFrr } from './frr.ts';
import { buildPair, type Pair, pairConfig } from './ha-pair.ts';

export interface FrrPair extends Pair {
  /** FRR of node a and of node b. */
  readonly frr: readonly [LabFrr, LabFrr];
}

/** Both nodes run with the configuration of their role when it resolves. */
export async function startFrrPair(
  prefix: string,
  programs: readonly FrrProgram[],
  configOf: (role: 'primary' | 'secondary') => string,
): Promise<FrrPair> {
  const pair = buildPair(prefix);
  const start = (node: Pair['a']): Promise<LabFrr> => LabFrr.start(node.host, programs);
  const frr = [await start(pair.a), await start(pair.b)] as const;
  pair.a.frrDir = frr[0].dir;
  pair.b.frrDir = frr[1].dir;
  await pair.a.start(configOf('primary'));
  await pair.b.start(configOf('secondary'));
  return {
    ...pair,
    frr,
    async close() {
      await pair.close();
      for (const one of frr) one.removeFiles();
    },
  };
}

/** The flat pair by FRR's vrrpd instead of keepalived. */
export function frrVrrpConfig(role: 'primary' | 'secondary'): string {
  return pairConfig(role).replace('ha:\n', 'ha:\n  provider: frr\n');
}
