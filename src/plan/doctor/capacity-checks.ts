// Doctor: tables that fill up.
import type { Evidence } from './evidence.ts';
import { type Finding, fault, ok } from './finding.ts';
import type { Need } from './need.ts';

const CONNTRACK_WARNING = 0.75;
const CONNTRACK_ERROR = 0.95;
/** Connections in one bucket from which lookups begin to cost. */
const LONG_CHAIN = 4;

export function checkConntrack(_need: Need, seen: Evidence): Finding[] {
  if (seen.conntrack === undefined) return [];
  const { count, max } = seen.conntrack;
  const share = max === 0 ? 0 : count / max;
  const evidence = `${count} of ${max} entries (${Math.round(share * 100)} %)`;
  if (share < CONNTRACK_WARNING) return [ok('conntrack', 'Connection tracking', evidence)];
  return [
    fault(
      'conntrack',
      share >= CONNTRACK_ERROR ? 'error' : 'warning',
      'The connection tracking table is nearly full; new flows will be dropped',
      evidence,
      `sysctl -w net.netfilter.nf_conntrack_max=${max * 2}`,
    ),
  ];
}

export function checkIpvsTable(need: Need, seen: Evidence): Finding[] {
  if (seen.ipvs === undefined || !need.engines.includes('ipvs')) return [];
  const { tableSize, connections } = seen.ipvs;
  const evidence = `${connections} connections in ${tableSize} buckets`;
  if (connections < tableSize * LONG_CHAIN) return [ok('ipvs-table', 'IPVS connection table', evidence)];
  const bits = Math.min(20, Math.ceil(Math.log2(connections)));
  return [
    fault(
      'ipvs-table',
      'warning',
      'The IPVS connection table is small for this many connections',
      evidence,
      `echo "options ip_vs conn_tab_bits=${bits}" > /etc/modprobe.d/lbctl.conf   (read when the module loads: reboot)`,
    ),
  ];
}
