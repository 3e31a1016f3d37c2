// Spoils what one node hears or says of VRRP, as a filter on its own network would, until it is taken away.
import type { Host } from './netns.ts';

const TABLE = 'spoil';

/** `deaf`: adverts of others do not come in. `ttl`: its own leave as if a router had passed them on. */
export function spoilVrrp(host: Host, how: 'deaf' | 'ttl'): void {
  const [hook, act] = how === 'deaf' ? ['prerouting', ['drop']] : ['output', ['ip', 'ttl', 'set', '64']];
  host.run('nft', 'add', 'table', 'ip', TABLE);
  host.run('nft', `add chain ip ${TABLE} vrrp { type filter hook ${hook} priority 0 ; }`);
  host.run('nft', 'add', 'rule', 'ip', TABLE, 'vrrp', 'ip', 'protocol', 'vrrp', ...act);
}

export function mendVrrp(host: Host): void {
  host.run('nft', 'delete', 'table', 'ip', TABLE);
}
