// One direction of a link lost: a host hears nothing more of another one, which hears it as before.
import type { Host } from './netns.ts';

const TABLE = 'deaf';

export function deafen(host: Host, to: Host): void {
  const [link] = JSON.parse(to.ip('-j', 'link', 'show', 'dev', 'eth0')) as [{ address: string }];
  host.run('nft', 'add', 'table', 'netdev', TABLE);
  const hook = 'type filter hook ingress device eth0 priority 0';
  host.run('nft', `add chain netdev ${TABLE} in { ${hook} ; }`);
  host.run('nft', 'add', 'rule', 'netdev', TABLE, 'in', 'ether', 'saddr', link.address, 'drop');
}

export function hearAgain(host: Host): void {
  host.run('nft', 'delete', 'table', 'netdev', TABLE);
}
