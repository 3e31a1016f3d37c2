// What a load balancer's machine must be set to for this Intent: modules, module options and sysctls.
import type { Intent } from '../../model/intent.ts';
import type { World, WorldListener } from '../../model/world.ts';
import { PROFILES } from './profiles.ts';

export interface BalancerSettings {
  readonly modules: readonly string[];
  readonly moduleOptions: Readonly<Record<string, string>>;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** Entries of the connection tracking table where flows are tracked: 2^20, as the LVS installers set it. */
const CONNTRACK_MAX = '1048576';

export function balancerSettings(intent: Intent, world: World): BalancerSettings {
  const profile = PROFILES[intent.system.tuningProfile];
  const ipvs = world.listeners.filter((listener) => listener.engine === 'ipvs');
  const tracked = ipvs.some(isTracked);
  const sysctls: Record<string, string> = {
    ...profile.sysctls,
    ...forwarding(world.listeners),
    ...(ipvs.length > 0 ? { 'net.ipv4.vs.expire_quiescent_template': '1' } : {}),
    ...(tracked ? { 'net.ipv4.vs.conntrack': '1', 'net.netfilter.nf_conntrack_max': CONNTRACK_MAX } : {}),
    ...intent.system.sysctl,
  };
  const bits = ipvs.length > 0 ? profile.connTabBits : undefined;
  return {
    modules: modulesFor(ipvs, tracked),
    moduleOptions: bits === undefined ? {} : { ip_vs: `conn_tab_bits=${bits}` },
    sysctls: Object.fromEntries(Object.entries(sysctls).sort(([a], [b]) => (a < b ? -1 : 1))),
    notes: notesFor(sysctls),
  };
}

function isTracked(listener: WorldListener): boolean {
  return listener.mode === 'onearm' || listener.mode === 'fullnat' || listener.mode === 'nat';
}

/** Packets that only pass through need forwarding; a terminating proxy sends its own. */
function forwarding(listeners: readonly WorldListener[]): Record<string, string> {
  const passing = listeners.filter((listener) => listener.mode !== 'proxy');
  return {
    ...(passing.some((listener) => listener.family === 4) ? { 'net.ipv4.ip_forward': '1' } : {}),
    ...(passing.some((listener) => listener.family === 6) ? { 'net.ipv6.conf.all.forwarding': '1' } : {}),
  };
}

function modulesFor(ipvs: readonly WorldListener[], tracked: boolean): readonly string[] {
  if (ipvs.length === 0) return [];
  const schedulers = new Set(ipvs.map((listener) => `ip_vs_${listener.scheduler}`));
  const engines = ipvs.some((listener) => listener.persistence?.kind === 'sip') ? ['ip_vs_pe_sip'] : [];
  return ['ip_vs', ...(tracked ? ['nf_conntrack'] : []), ...[...schedulers].sort(), ...engines];
}

function notesFor(sysctls: Readonly<Record<string, string>>): readonly string[] {
  return sysctls['net.ipv6.conf.all.forwarding'] === '1'
    ? [
        'IPv6 forwarding makes the kernel ignore router advertisements where accept_ra is 1: set it to 2 to keep them',
      ]
    : [];
}
