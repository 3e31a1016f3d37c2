// One direction of a link lost: a host hears nothing more of another one, which hears it as before.
import type { Host } from './netns.ts';

const TABLE = 'deaf';

export function deafen(host: Host, to: Host): void {
  // Links with a virtual MAC speak too.
  const links = JSON.parse(to.ip('-j', 'link', 'show')) as { ifname: string; address: string }[];
  host.run('nft', 'add', 'table', 'netdev', TABLE);
  const hook = 'type filter hook ingress device eth0 priority 0';
  host.run('nft', `add chain netdev ${TABLE} in { ${hook} ; }`);
  for (const { ifname, address } of links)
    if (ifname !== 'lo')
      host.run('nft', 'add', 'rule', 'netdev', TABLE, 'in', 'ether', 'saddr', address, 'drop');
}

export function hearAgain(host: Host): void {
  host.run('nft', 'delete', 'table', 'netdev', TABLE);
}
