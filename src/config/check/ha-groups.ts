// HA groups: who decides, on which interface, with which priority.
import { familyOf } from '../../lib/ip.ts';
import type { HaGroup } from '../../model/ha.ts';
import { DEFAULTS } from '../defaults.ts';
import type { CheckContext } from './context.ts';
import { checkReference } from './reference.ts';

const FAST_ADVERT_MS = 20;
/** VRRPv2 carries 8 bytes of password (RFC 2338 section 5.3.10). */
const LONGEST_AUTH = 8;

export function checkHaGroups(context: CheckContext): void {
  const { intent, report, merged } = context;
  const { ha } = intent;
  if (ha === undefined) return;
  const vrids = new Map<string, number>();
  const names = new Map<string, number>();
  ha.groups.forEach((group, index) => {
    const at = (...path: (string | number)[]) => context.main('ha', 'groups', index, ...path);
    const named = names.get(group.name);
    if (named !== undefined)
      report.add('duplicate-name', at('name'), `Two HA groups are called "${group.name}"`, {
        other: context.main('ha', 'groups', named, 'name'),
      });
    else names.set(group.name, index);
    const key = `${group.interface} ${group.vrid}`;
    const first = vrids.get(key);
    if (group.chooser === 'vrrp') {
      if (first !== undefined)
        report.add(
          'duplicate-vrid',
          at('vrid'),
          `Two groups on ${group.interface || 'one interface'} have vrid ${group.vrid}`,
          { other: context.main('ha', 'groups', first, 'vrid') },
        );
      else vrids.set(key, index);
      checkVrrp(context, group, index);
    }
    if (group.leaseFile !== undefined && group.chooser !== 'external')
      report.add(
        'lease-file-unused',
        at('lease_file'),
        `lease_file has no effect while "${group.chooser}" chooses the role`,
        { what: 'key' },
      );
    if (group.vips.length === 0 && merged.unreadable.vips.size === 0 && !merged.unreadableBlocks.has('vips'))
      report.add('group-unused', at('name'), `No VIP belongs to the group "${group.name}"`);
    checkNeeds(context, group, index);
    checkTracks(context, group, index);
  });
}

function checkVrrp(context: CheckContext, group: HaGroup, index: number): void {
  const { report, intent, merged } = context;
  const at = (...path: (string | number)[]) => context.main('ha', 'groups', index, ...path);
  if (group.interface === '' && !merged.unreadableBlocks.has('network'))
    report.add(
      'group-without-interface',
      at('name'),
      `Nothing says which interface the group "${group.name}" speaks on`,
      {
        hint: 'Set "interface", or network.frontend.interface',
      },
    );
  const doc = merged.main.ha?.groups?.[index];
  const primary = doc?.priority?.primary ?? DEFAULTS.group.priorityPrimary;
  const secondary = doc?.priority?.secondary ?? DEFAULTS.group.prioritySecondary;
  // One number for both is the spelling for nodes that keep a file each.
  const oneNumber = doc?.priority !== undefined && primary === secondary && !isPriorityBlock(context, index);
  if (!oneNumber && primary <= secondary)
    report.add(
      'priority-order',
      at('priority', 'primary'),
      `The priority of the primary must be above that of the secondary: ${primary} is not above ${secondary}`,
    );
  if (intent.node.role === 'single' && !oneNumber)
    report.add(
      'single-with-groups',
      at('name'),
      `The node has role single and the group "${group.name}" takes part in VRRP`,
      {
        hint: 'Set "node: { role: primary }" here and secondary on the other node',
      },
    );
  if (group.advertMs < FAST_ADVERT_MS)
    report.add('advert-fast', at('advert'), `Adverts every ${group.advertMs}ms are missed by a busy machine`);
  if (group.vrrpVersion === 2) {
    if (group.advertMs % 1000 !== 0)
      report.add(
        'advert-version',
        at('advert'),
        `VRRPv2 counts adverts in whole seconds: current value is ${group.advertMs}ms`,
      );
    const six = group.vips.find((name) => familyOf(intent.vips.get(name)?.address ?? '') === 6);
    if (six !== undefined)
      report.add('vrrp2-ipv6', at('vrrp_version'), `VRRPv2 cannot carry the IPv6 address of VIP "${six}"`);
  }
  if (group.auth !== undefined) {
    if (group.vrrpVersion === 3)
      report.add('auth-version', at('auth'), 'VRRPv3 has no authentication', { what: 'key', secret: true });
    if (group.auth.type === 'pass' && group.auth.secret.reveal().length > LONGEST_AUTH)
      report.add(
        'auth-length',
        at('auth', 'secret'),
        `Only the first ${LONGEST_AUTH} characters of the shared word count`,
        { secret: true },
      );
  }
  if (!group.preempt && group.preemptDelayMs > 0)
    report.add(
      'preempt-delay-unused',
      at('preempt_delay'),
      'preempt_delay has no effect while preempt is false',
      { what: 'key' },
    );
  group.unicastPeers.forEach((peer, number) => {
    const source = group.sourceAddress;
    if (source === undefined) return;
    if (peer === source)
      report.add(
        'unicast-self',
        at('unicast_peers', number),
        `The unicast peer ${peer} is our own source address`,
      );
    else if (familyOf(peer) !== familyOf(source))
      report.add(
        'unicast-family',
        at('unicast_peers', number),
        `The unicast peer ${peer} and our source ${source} are of different families`,
      );
  });
}

/** Whether the file has a block; both spellings come out of the schema alike. */
function isPriorityBlock(context: CheckContext, index: number): boolean {
  return context.isBlockAt(context.main('ha', 'groups', index, 'priority'));
}

function checkNeeds(context: CheckContext, group: HaGroup, index: number): void {
  const { ha } = context.intent;
  const missing =
    (group.chooser === 'bgp' || group.chooser === 'bgp-ecmp') && ha?.bgp === undefined
      ? 'ha.bgp'
      : group.chooser === 'bfd' && ha?.bfd.length === 0
        ? 'ha.bfd'
        : group.chooser === 'vrrp' && ha?.provider === 'none'
          ? 'a provider that speaks VRRP'
          : undefined;
  if (missing !== undefined)
    context.report.add(
      'group-needs',
      context.main('ha', 'groups', index, 'choose'),
      `The group "${group.name}" is chosen by ${group.chooser}, which needs ${missing}`,
    );
}

function checkTracks(context: CheckContext, group: HaGroup, index: number): void {
  const { report, intent } = context;
  const seen = new Set<string>();
  group.track.forEach((track, number) => {
    const at = (key: string) => context.main('ha', 'groups', index, 'track', number, key);
    const key = `${track.kind} ${track.target}`;
    if (seen.has(key))
      report.add('track-duplicate', at('target'), `The group "${group.name}" tracks ${key} twice`);
    seen.add(key);
    if (track.timeoutMs > track.intervalMs)
      report.add(
        'timeout-over-interval',
        at('timeout'),
        `The timeout must not be longer than the interval: ${track.timeoutMs}ms is longer than ${track.intervalMs}ms`,
      );
    if (track.kind === 'pool')
      checkReference(context, at('target'), track.target, {
        noun: 'pool',
        names: intent.pools,
        section: 'pools',
      });
    if (track.kind === 'bfd')
      checkReference(context, at('target'), track.target, {
        noun: 'BFD session',
        names: new Set(intent.ha?.bfd.map((session) => session.name)),
        section: 'ha',
      });
    if (track.kind === 'script' && !track.target.startsWith('/'))
      report.add(
        'check-script-path',
        at('target'),
        `A program is named by its absolute path: current value is "${track.target}"`,
      );
  });
}
