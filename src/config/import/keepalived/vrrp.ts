// vrrp_instance and vrrp_sync_group to HA groups and their VIPs, and to the role of this node.
import { formatDuration } from '../../../lib/duration.ts';
import { canonicalIp, familyOf, isIp } from '../../../lib/ip.ts';
import { parseAddressLine } from './addresses.ts';
import { type Draft, whence } from './draft.ts';
import { cleanName, Names } from './names.ts';
import { flagOf, intOf, openScope, refuse, type Scope, timerOf } from './scope.ts';
import { type Trackables, tracksOf } from './tracks.ts';
import type { Directive } from './tree.ts';
import { type Yaml, type YamlMap, yamlMap } from './yaml.ts';

/** Defaults global_defs sets for all instances. */
export interface VrrpDefaults {
  readonly version: number | undefined;
  readonly garpCount: number | undefined;
  readonly garpRepeatMs: number | undefined;
  readonly interface: string | undefined;
}

export interface VrrpResult {
  readonly groups: readonly YamlMap[];
  /** Group names by the names of their instances. */
  readonly groupOf: ReadonlyMap<string, { readonly name: string; readonly vrid: number | undefined }>;
  readonly role: 'primary' | 'secondary' | 'single';
  readonly frontend: string | undefined;
}

/** How far apart the two priorities are put, as this file knows only its own. */
const GAP = 50;

export function readVrrp(draft: Draft, top: Scope, defaults: VrrpDefaults, known: Trackables): VrrpResult {
  const { ledger } = draft;
  const names = new Names();
  const instances = top.all('vrrp_instance').map((directive) => ({
    directive,
    scope: openScope(ledger, 'vrrp_instance', directive),
    name: names.take(directive.args[0] ?? '', 'vrrp'),
  }));
  const sync = readSyncGroups(draft, top, known);
  const states = instances.map(({ scope }) => stateOf(draft, scope));
  const role = states[0] === undefined ? 'single' : states[0];
  const groupOf = new Map<string, { name: string; vrid: number | undefined }>();
  const groups = instances.map(({ directive, scope, name }, index) => {
    const membership = sync.get(directive.args[0] ?? '');
    if (membership !== undefined) membership.used = true;
    const vrid = intOf(ledger, scope.one('virtual_router_id'), 1, 255);
    if (!groupOf.has(directive.args[0] ?? '')) groupOf.set(directive.args[0] ?? '', { name, vrid });
    const interface_ = scope.one('interface')?.args[0] ?? defaults.interface;
    const family = addVips(draft, scope, name, interface_);
    if (flagOf(ledger, scope.one('smtp_alert')) ?? false) draft.events.add('role');
    const version = family === 6 ? 3 : (intOf(ledger, scope.one('version'), 2, 3) ?? defaults.version ?? 2);
    const tracks = [...tracksOf(ledger, scope, known), ...(membership?.tracks ?? [])];
    return yamlMap(
      {
        name,
        choose: 'vrrp',
        interface: interface_,
        sync_group: membership?.name,
        vrid,
        priority: priorityOf(draft, scope, states[index]!, role),
        advert: advertOf(draft, scope.one('advert_int'), version),
        ...preemptOf(draft, scope),
        vrrp_version: version,
        unicast_peers: peersOf(draft, scope),
        source: sourceOf(draft, scope.one('unicast_src_ip')),
        auth: authOf(draft, scope, version),
        use_vmac: vmacOf(draft, scope.one('use_vmac')),
        garp_count: intOf(ledger, scope.one('garp_master_repeat'), 1, 100) ?? defaults.garpCount,
        garp_repeat: durationOf(
          timerOf(ledger, scope.one('garp_master_refresh'), 86_400) ?? defaults.garpRepeatMs,
        ),
        track: tracks.length === 0 ? undefined : tracks,
      },
      { comment: `${whence(directive)} ${directive.raw}` },
    );
  });
  for (const [name, { used, item }] of sync)
    if (!used) ledger.mark(item, item.name, 'not carried', `there is no vrrp_instance ${name}`);
  const frontend = instances
    .map(({ scope }) => scope.one('interface')?.args[0])
    .find((name) => name !== undefined);
  for (const { scope } of instances) scope.one('native_ipv6');
  return { groups, groupOf, role, frontend };
}

interface Membership {
  readonly name: string;
  readonly tracks: readonly YamlMap[];
  readonly item: Directive;
  used: boolean;
}

function readSyncGroups(draft: Draft, top: Scope, known: Trackables): Map<string, Membership> {
  const { ledger } = draft;
  const members = new Map<string, Membership>();
  for (const directive of top.all('vrrp_sync_group')) {
    const scope = openScope(ledger, 'vrrp_sync_group', directive);
    const tracks = tracksOf(ledger, scope, known);
    if (flagOf(ledger, scope.one('smtp_alert')) ?? false) draft.events.add('role');
    const name = cleanName(directive.args[0] ?? '') || 'sync';
    for (const list of scope.all('group')) {
      for (const item of openScope(ledger, 'sync_members', list).all('*')) {
        for (const instance of [item.name, ...item.args])
          members.set(instance, { name, tracks, item, used: false });
      }
    }
  }
  return members;
}

function stateOf(draft: Draft, scope: Scope): 'primary' | 'secondary' {
  const directive = scope.one('state');
  const text = directive?.args[0]?.toUpperCase();
  if (text === 'MASTER') return 'primary';
  if (directive !== undefined && text !== 'BACKUP')
    refuse(draft.ledger, directive, 'must be MASTER or BACKUP', text ?? '');
  return 'secondary';
}

/** A file knows this node's own priority; the other one is chosen so that the order is right. */
function priorityOf(draft: Draft, scope: Scope, state: string, role: string): Yaml {
  const directive = scope.one('priority');
  const given = intOf(draft.ledger, directive, 1, 255) ?? 100;
  if (given === 255)
    draft.ledger.mark(
      directive!,
      directive!.name,
      'changed',
      '255 is for the owner of an address; 254 is written',
    );
  const own = Math.min(given, 254);
  const other = role === 'primary' ? Math.max(1, own - GAP) : Math.min(254, own + GAP);
  if (state !== role || other === own) {
    const why =
      'this node is active for some groups and standby for others, so its own priority alone is written';
    const where = directive ?? scope.owner!;
    if (state !== role) draft.ledger.mark(where, where.name, 'changed', why);
    return own;
  }
  const where = directive ?? scope.owner!;
  draft.ledger.mark(
    where,
    where.name,
    'carried',
    `the other node's priority, ${other}, is chosen: put its own there`,
  );
  return role === 'primary'
    ? yamlMap(
        { primary: own, secondary: other },
        { flow: true, comment: `secondary is chosen: the file of the other node has it` },
      )
    : yamlMap(
        { primary: other, secondary: own },
        { flow: true, comment: `primary is chosen: the file of the other node has it` },
      );
}

function advertOf(draft: Draft, directive: Directive | undefined, version: number): string {
  const ms = timerOf(draft.ledger, directive, 255) ?? 1000;
  if (version === 3) {
    const cut = Math.min(Math.max(ms, 10), 40_950);
    if (cut !== ms) draft.ledger.mark(directive!, directive!.name, 'changed', 'cut to what VRRP 3 can say');
    return formatDuration(cut);
  }
  const whole = Math.max(1000, Math.round(ms / 1000) * 1000);
  if (whole !== ms)
    draft.ledger.mark(
      directive!,
      directive!.name,
      'changed',
      'VRRP 2 counts whole seconds; keepalived rounds it too',
    );
  return formatDuration(whole);
}

function preemptOf(draft: Draft, scope: Scope): Readonly<Record<string, Yaml | undefined>> {
  const never = scope.one('nopreempt');
  const again = scope.one('preempt');
  const delay = timerOf(draft.ledger, scope.one('preempt_delay'), 1000);
  return {
    preempt: never !== undefined ? false : again !== undefined ? true : undefined,
    preempt_delay: durationOf(delay),
  };
}

function durationOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDuration(ms);
}

function peersOf(draft: Draft, scope: Scope): readonly Yaml[] | undefined {
  const peers: string[] = [];
  for (const block of scope.all('unicast_peer')) {
    for (const item of openScope(draft.ledger, 'unicast_peer', block).all('*')) {
      if (!isIp(item.name)) refuse(draft.ledger, item, 'must be an IP address', item.name);
      else peers.push(canonicalIp(item.name));
      if (item.args.length > 0)
        draft.ledger.mark(item, item.name, 'changed', `${item.args.join(' ')} is not carried`);
    }
  }
  return peers.length === 0 ? undefined : peers;
}

function sourceOf(draft: Draft, directive: Directive | undefined): string | undefined {
  if (directive === undefined) return undefined;
  const text = directive.args[0] ?? '';
  return isIp(text) ? canonicalIp(text) : refuse(draft.ledger, directive, 'must be an IP address', text);
}

function vmacOf(draft: Draft, directive: Directive | undefined): boolean | undefined {
  if (directive === undefined) return undefined;
  if (directive.args.length > 0)
    draft.ledger.mark(directive, directive.name, 'changed', 'the interface gets a name of our own');
  return true;
}

function authOf(draft: Draft, scope: Scope, version: number): YamlMap | undefined {
  const directive = scope.one('authentication');
  if (directive === undefined) return undefined;
  const inner = openScope(draft.ledger, 'authentication', directive);
  const type = inner.one('auth_type');
  const pass = inner.one('auth_pass');
  const secret = pass?.args[0];
  if (version === 3) {
    for (const one of [directive, type, pass])
      if (one !== undefined) draft.ledger.mark(one, one.name, 'not carried', 'VRRP 3 has no authentication');
    return undefined;
  }
  if (secret === undefined || secret === '') {
    draft.ledger.mark(directive, directive.name, 'not carried', 'it has no auth_pass');
    return undefined;
  }
  const ah = type?.args[0]?.toUpperCase() === 'AH';
  return yamlMap(
    { type: ah ? 'ah' : 'pass', secret },
    { flow: true, comment: 'better kept in a file of its own: secret: { file: /etc/lbctl/vrrp.key }' },
  );
}

/** The VIPs of an instance; its family is that of the first. */
function addVips(draft: Draft, scope: Scope, group: string, device: string | undefined): 4 | 6 {
  const { ledger } = draft;
  let family: 4 | 6 | undefined;
  const base = cleanName(group.replace(/^(VI|VRRP|VIP)[_-]?(?=[A-Za-z])/i, '').toLowerCase()) || 'vip';
  const lines = [
    ...scope.all('virtual_ipaddress').map((block) => ({ block, excluded: false })),
    ...scope.all('virtual_ipaddress_excluded').map((block) => ({ block, excluded: true })),
  ];
  for (const { block, excluded } of lines) {
    for (const item of openScope(ledger, block.name, block).all('*')) {
      const parsed = parseAddressLine([item.name, ...item.args]);
      if (parsed === undefined) {
        refuse(ledger, item, 'must be an IP address', item.raw);
        continue;
      }
      const own = familyOf(parsed.address)!;
      family ??= excluded ? undefined : own;
      if (!excluded && own !== family) {
        ledger.mark(
          item,
          item.name,
          'not carried',
          'its family is not that of the instance; keepalived ignores it too',
        );
        continue;
      }
      const holder = draft.vips.get(parsed.address);
      if (holder !== undefined) {
        ledger.mark(item, item.name, 'not carried', `line ${holder.origin.line} holds the address`);
        continue;
      }
      if (parsed.rest.length > 0)
        ledger.mark(item, item.name, 'changed', `${parsed.rest.join(' ')} is not carried`);
      draft.vips.set(parsed.address, {
        name: draft.vipNames.take(base),
        address: parsed.address,
        prefixLength: parsed.prefixLength,
        device: parsed.device ?? device,
        group,
        manage: true,
        origin: item,
      });
    }
  }
  return family ?? 4;
}
