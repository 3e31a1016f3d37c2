// GoBGP as the router of a lab. It has no BFD in this version and writes no routes into the kernel: what counts is what it would choose.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RouterBgp } from './bird.ts';
import type { Host } from './netns.ts';

interface Way {
  readonly best?: boolean;
  readonly attrs: readonly { readonly type: number; readonly nexthop?: string }[];
}

/** Of BGP's path attributes. */
const NEXT_HOP = 3;

const socketOf = (dir: string): string => `unix://${join(dir, 'gobgp.sock')}`;

export function startGobgp(router: Host, dir: string, bgp: RouterBgp): void {
  const neighbours = bgp.nodes.map(
    (node) => `
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${node}"
    peer-as = ${bgp.nodesAs}
    auth-password = "${bgp.password}"
  [neighbors.timers.config]
    connect-retry = 1
    hold-time = 3
    keepalive-interval = 1
`,
  );
  const path = join(dir, 'gobgpd.toml');
  writeFileSync(
    path,
    `[global.config]\n  as = ${bgp.as}\n  router-id = "${bgp.address}"\n${neighbours.join('')}`,
  );
  // By default it listens for commands on every address.
  router.spawn(['/usr/bin/gobgpd', '-f', path, `--api-hosts=${socketOf(dir)}`, '--pprof-disable']);
}

/** Of the route it would take; none while it does not answer yet. */
export function gobgpNextHops(router: Host, dir: string, vip: string): readonly string[] {
  let text: string;
  try {
    text = router.run('/usr/bin/gobgp', '--target', socketOf(dir), 'global', 'rib', `${vip}/32`, '-j');
  } catch {
    return [];
  }
  const ways = Object.values(JSON.parse(text) as Record<string, readonly Way[]>).flat();
  return ways
    .filter((way) => way.best === true)
    .flatMap((way) => way.attrs.find(({ type }) => type === NEXT_HOP)?.nexthop ?? [])
    .sort();
}
