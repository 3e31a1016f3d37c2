// Doctor: interfaces, VIPs, ARP and packet sizes.
import type { Evidence } from './evidence.ts';
import { type Finding, fault, ok } from './finding.ts';
import type { Need } from './need.ts';

/** Bytes an outer header adds: IPv4 20, IPv6 40; GUE adds UDP 8 and its own 4, GRE 4. */
const LARGEST_OUTER_HEADER = 44;

export function checkInterfaces(need: Need, seen: Evidence): Finding[] {
  return need.interfaces.map((name) => {
    const link = seen.links.find((one) => one.name === name);
    if (link === undefined) {
      const names = seen.links.map((one) => one.name).join(', ');
      return fault(
        'interface',
        'error',
        `Interface ${name} does not exist`,
        `interfaces here: ${names}`,
        'Correct "network.frontend.interface" or "network.backend.interface"',
      );
    }
    return link.up
      ? ok('interface', `Interface ${name}`, `up, mtu ${link.mtu}`)
      : fault('interface', 'error', `Interface ${name} is down`, 'down', `ip link set dev ${name} up`);
  });
}

/** An absent VIP of a group is a standby's normal state: it is told, not judged. */
export function checkVips(need: Need, seen: Evidence): Finding[] {
  return need.vips.map((vip) => {
    const holders = seen.links
      .filter((link) => link.addresses.some((one) => one.split('/')[0] === vip.address))
      .map((link) => link.name);
    const title = `VIP ${vip.address}`;
    if (holders.includes(vip.interface)) return ok('vip', title, `on ${holders.join(', ')}`);
    if (holders.length > 0)
      return fault(
        'vip',
        'warning',
        `${title} is on another interface`,
        `on ${holders.join(', ')}, wanted on ${vip.interface}`,
        `ip address del ${vip.address}/${vip.prefixLength} dev ${holders[0]}   (then: lbctl apply)`,
      );
    if (vip.grouped)
      return { check: 'vip', severity: 'info', title, evidence: 'absent: the peer may hold it' };
    return fault('vip', 'warning', `${title} is absent`, `on no interface`, 'lbctl apply');
  });
}

export function checkDuplicates(need: Need, seen: Evidence): Finding[] {
  return need.vips.flatMap((vip) => {
    const other = seen.otherHolders.find((one) => one.vip === vip.address);
    const here = seen.links.some((link) => link.addresses.some((one) => one.split('/')[0] === vip.address));
    if (other === undefined || (!here && vip.grouped)) return [];
    return [
      fault(
        'duplicate-vip',
        here ? 'error' : 'warning',
        `VIP ${vip.address} is answered for by another machine`,
        `${other.hardwareAddress} answers on ${vip.interface}`,
        'Take the address off that machine; on a real server run "lbctl realserver apply"',
      ),
    ];
  });
}

/** A standby that answers ARP for an address on another interface steals traffic. */
export function checkArp(need: Need, seen: Evidence): Finding[] {
  if (!need.vips.some((vip) => vip.grouped)) return [];
  const ignore = seen.sysctls['net.ipv4.conf.all.arp_ignore'] ?? '0';
  const announce = seen.sysctls['net.ipv4.conf.all.arp_announce'] ?? '0';
  const evidence = `arp_ignore = ${ignore}, arp_announce = ${announce}`;
  return ignore !== '0' && announce === '2'
    ? [ok('arp', 'ARP settings', evidence)]
    : [
        fault(
          'arp',
          'warning',
          'ARP answers for addresses of other interfaces',
          evidence,
          'sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2',
        ),
      ];
}

/** Tunnelled packets of full size need room on the way to the members. */
export function checkTunnelMtu(need: Need, seen: Evidence): Finding[] {
  if (!need.modes.includes('tunnel')) return [];
  const inMtu = Math.max(
    0,
    ...seen.links
      .filter((link) => need.vips.some((vip) => vip.interface === link.name))
      .map((link) => link.mtu),
  );
  return seen.links
    .filter((link) => need.interfaces.includes(link.name))
    .map((link) => {
      const evidence = `${link.name} has mtu ${link.mtu}, clients send up to ${inMtu}`;
      return link.mtu >= inMtu + LARGEST_OUTER_HEADER
        ? ok('tunnel-mtu', `Room for tunnel headers on ${link.name}`, evidence)
        : fault(
            'tunnel-mtu',
            'warning',
            `No room for tunnel headers on ${link.name}`,
            evidence,
            `ip link set dev ${link.name} mtu ${inMtu + LARGEST_OUTER_HEADER}, or on the members: ip route change default advmss ${inMtu - 40 - LARGEST_OUTER_HEADER} ...`,
          );
    });
}
