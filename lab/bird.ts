// BIRD as the router of a lab: it spreads flows over all nodes that announce, and hears of dead ones by BFD.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './netns.ts';

/** What a router of any make must know. */
export interface RouterBgp {
  readonly as: number;
  readonly address: string;
  readonly nodes: readonly string[];
  readonly nodesAs: number;
  readonly password: string;
}

export function startBird(router: Host, dir: string, bgp: RouterBgp): void {
  const peers = bgp.nodes.map(
    (peer, i) => `
protocol bgp n${i} {
  local ${bgp.address} as ${bgp.as};
  neighbor ${peer} as ${bgp.nodesAs};
  password "${bgp.password}";
  hold time 3; keepalive time 1; connect retry time 1; connect delay time 1; error wait time 1, 2;
  bfd on;
  ipv4 { import all; export none; };
}`,
  );
  const config = `
router id ${bgp.address};
protocol device {}
protocol direct { ipv4; }
protocol kernel { ipv4 { export all; import none; }; merge paths on; }
protocol bfd { interface "*" { interval 50 ms; multiplier 3; }; }
${peers.join('')}
`;
  const path = join(dir, 'bird.conf');
  writeFileSync(path, config);
  router.spawn(['/usr/sbin/bird', '-f', '-c', path, '-s', join(dir, 'bird.ctl')]);
}
