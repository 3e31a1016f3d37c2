// The whole configuration of our own keepalived, as text. Pure: the same groups give the same bytes.
// keepalived holds the VIPs itself, so that a failover needs nobody but it (decision 0041).
import { InputError } from '../../model/errors.ts';
import type { HaGroup, Track } from '../../model/ha.ts';
import { Watched } from './keepalived-watched.ts';
import { block, list, quoted, word } from './keepalived-words.ts';

export interface VrrpAddress {
  readonly address: string;
  readonly prefixLength: number;
  readonly interface: string;
}

export interface VrrpInstance {
  readonly group: HaGroup;
  readonly addresses: readonly VrrpAddress[];
  /** Written by us: what is added to the priority, and whether the group must stand back (not 0). */
  readonly weightFile: string;
  readonly faultFile: string;
}

export interface KeepalivedSetup {
  readonly routerId: string;
  readonly notifyFifo: string;
  readonly instances: readonly VrrpInstance[];
}

export interface KeepalivedConfig {
  readonly text: string;
  /** What keepalived cannot do to the letter, told to the operator. */
  readonly notes: readonly string[];
}

/** keepalived puts at most this many addresses in an advert that an older peer can read; the rest travel silently. */
const ADVERTISED = 20;

export function keepalivedConfig(setup: KeepalivedSetup): KeepalivedConfig {
  const watched = new Watched();
  const notes: string[] = [];
  const blocks = [globals(setup)];
  for (const one of setup.instances) blocks.push(...trackFiles(one));
  const users = setup.instances.map((one) => instance(one, watched));
  for (const [name, members] of syncGroups(setup.instances)) users.push(syncGroup(name, members, watched));
  blocks.push(...watched.blocks(notes), ...users);
  return { text: `# Made by lbctl; every change is overwritten.\n${blocks.join('\n')}\n`, notes };
}

function globals(setup: KeepalivedSetup): string {
  return block('global_defs', [
    `router_id ${word(setup.routerId, 'router id')}`,
    'script_user root',
    'enable_script_security',
    // An interface that is not there yet faults its instance instead of stopping all of them.
    'dynamic_interfaces allow_if_changes',
    `vrrp_notify_fifo ${setup.notifyFifo}`,
    'vrrp_notify_priority_changes true',
    // Adverts keep time on a busy machine: a late one is a failover for nothing.
    'vrrp_rt_priority 50',
    // At that priority the kernel kills what runs for longer without a pause: keepalived's own 10 ms are over where it starts
    // scripts or reads its configuration on a busy machine. "rttime" is spelled so since 2.0.20 only.
    'vrrp_rlimit_rtime 1000000',
    'vrrp_no_swap',
    // Who gives way says so once more: else the better one, master all the time, would not know that neighbours learned another.
    'vrrp_higher_prio_send_advert true',
  ]);
}

function trackFiles(one: VrrpInstance): string[] {
  return [
    block(`vrrp_track_file ${weightName(one.group)}`, [`file ${one.weightFile}`, 'weight 1']),
    block(`vrrp_track_file ${faultName(one.group)}`, [`file ${one.faultFile}`, 'weight 0']),
  ];
}

function instance(one: VrrpInstance, watched: Watched): string {
  const { group } = one;
  const [native, excluded] = splitAddresses(one.addresses);
  const isV6 = native[0]?.address.includes(':') === true;
  if (group.vrrpVersion === 2 && one.addresses.some((address) => address.address.includes(':')))
    throw new InputError(
      'CONFIG_INVALID',
      `Cannot carry IPv6 addresses in group "${group.name}" as VRRPv2 has none: set "vrrp_version: 3"`,
    );
  const lines = [
    'state BACKUP',
    `version ${group.vrrpVersion}`,
    `interface ${word(group.interface, 'interface')}`,
    `virtual_router_id ${group.vrid}`,
    `priority ${group.priority}`,
    `advert_int ${seconds(group.advertMs)}`,
    ...(group.preempt ? [] : ['nopreempt']),
    ...(group.preempt && group.preemptDelayMs > 0 ? [`preempt_delay ${seconds(group.preemptDelayMs)}`] : []),
    ...(group.useVmac ? [`use_vmac vrrp${isV6 ? '6' : ''}.${group.vrid}`] : []),
    // Announcements once more, in case a switch was not ready for the first; keepalived would wait five seconds.
    'garp_master_delay 1',
    `garp_master_repeat ${group.garpCount}`,
    ...(group.garpRepeatMs > 0 ? [`garp_master_refresh ${Math.ceil(group.garpRepeatMs / 1000)}`] : []),
    ...(group.sourceAddress === undefined
      ? []
      : [`${group.unicastPeers.length > 0 ? 'unicast_src_ip' : 'mcast_src_ip'} ${group.sourceAddress}`]),
    ...(group.unicastPeers.length > 0 ? ['check_unicast_src', list('unicast_peer', group.unicastPeers)] : []),
    ...authentication(group),
    list(
      'virtual_ipaddress',
      native.map((address) => addressLine(address, group)),
    ),
    ...(excluded.length === 0
      ? []
      : [
          list(
            'virtual_ipaddress_excluded',
            excluded.map((address) => addressLine(address, group)),
          ),
        ]),
    ...(group.syncGroup === undefined ? tracking([one], watched) : []),
  ];
  return block(`vrrp_instance ${group.name}`, lines);
}

/** An instance speaks one family; addresses of the other one, and those too many for an advert, move along unsaid. */
function splitAddresses(all: readonly VrrpAddress[]): [VrrpAddress[], VrrpAddress[]] {
  const isV6 = (one: VrrpAddress): boolean => one.address.includes(':');
  const family6 = all.length > 0 && all.every(isV6);
  // RFC 9568: the first IPv6 address of an advert is link-local where there is one.
  const ordered = [...all].sort((a, b) => Number(isLinkLocal(b)) - Number(isLinkLocal(a)));
  const ofFamily = ordered.filter((one) => isV6(one) === family6);
  const native = ofFamily.slice(0, ADVERTISED);
  return [native, ordered.filter((one) => !native.includes(one))];
}

function isLinkLocal(one: VrrpAddress): boolean {
  return /^fe[89ab]/.test(one.address);
}

/** A VIP on the instance's own interface goes to its virtual MAC where there is one: "dev" would put it beside. */
function addressLine(one: VrrpAddress, group: HaGroup): string {
  const device =
    group.useVmac && one.interface === group.interface ? '' : ` dev ${word(one.interface, 'interface')}`;
  return `${one.address}/${one.prefixLength}${device}`;
}

function authentication(group: HaGroup): string[] {
  if (group.auth === undefined) return [];
  if (group.vrrpVersion === 3)
    throw new InputError(
      'CONFIG_INVALID',
      `Cannot authenticate group "${group.name}" as VRRPv3 has no authentication: set "vrrp_version: 2"`,
    );
  const type = group.auth.type === 'ah' ? 'AH' : 'PASS';
  return [block('authentication', [`auth_type ${type}`, `auth_pass ${quoted(group.auth.secret.reveal())}`])];
}

function syncGroups(instances: readonly VrrpInstance[]): Map<string, VrrpInstance[]> {
  const groups = new Map<string, VrrpInstance[]>();
  for (const one of instances) {
    const name = one.group.syncGroup;
    if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return groups;
}

/** keepalived refuses weights on a member of a sync group: they stand on the group and count for all of it. */
function syncGroup(name: string, members: readonly VrrpInstance[], watched: Watched): string {
  return block(`vrrp_sync_group ${name}`, [
    list(
      'group',
      members.map((one) => one.group.name),
    ),
    ...tracking(members, watched),
  ]);
}

function tracking(instances: readonly VrrpInstance[], watched: Watched): string[] {
  const tracks = instances.flatMap((one) => one.group.track);
  const of = (kind: Track['kind'], line: (track: Track) => string): string[] => [
    ...new Set(tracks.filter((track) => track.kind === kind).map(line)),
  ];
  const named = (track: Track): string => `${watched.name(track)} weight ${track.weight}`;
  const ours = instances.flatMap((one) => [
    `${weightName(one.group)} weight 1`,
    `${faultName(one.group)} weight 0`,
  ]);
  return [
    list('track_file', [...ours, ...of('file', named)]),
    ...some('track_interface', of('interface', interfaceLine)),
    ...some('track_script', of('script', named)),
    ...some('track_process', of('process', named)),
  ];
}

function interfaceLine(track: Track): string {
  return `${word(track.target, 'interface')}${track.weight === 0 ? '' : ` weight ${track.weight}`}`;
}

function some(head: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [list(head, lines)];
}

function weightName(group: HaGroup): string {
  return `${group.name}.weight`;
}

function faultName(group: HaGroup): string {
  return `${group.name}.fault`;
}

function seconds(ms: number): string {
  return String(ms / 1000);
}
