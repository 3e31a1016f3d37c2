// global_defs to the node, its notifications, its IPVS timeouts and connection sync.
import { formatDuration } from '../../../lib/duration.ts';
import { canonicalIp, isIp } from '../../../lib/ip.ts';
import type { Draft, MailEvent } from './draft.ts';
import { cleanName } from './names.ts';
import { flagOf, intOf, openScope, refuse, type Scope, timerOf } from './scope.ts';
import type { Directive } from './tree.ts';
import type { VrrpDefaults, VrrpResult } from './vrrp.ts';
import { type Yaml, type YamlMap, yamlMap } from './yaml.ts';

/** global_defs may stand several times; the guide of an operator shows mail settings outside of it, which is taken too. */
export interface Globals {
  one(name: string): Directive | undefined;
  all(name: string): readonly Directive[];
}

const OUTSIDE = 'it stands outside of global_defs, where keepalived ignores it';

export function openGlobals(draft: Draft, top: Scope): Globals {
  const { ledger } = draft;
  const merged = top.all('global_defs').flatMap((directive) => directive.block ?? []);
  const inside = openScope(ledger, 'global_defs', undefined, merged);
  const tell = (directive: Directive | undefined) => {
    if (directive === undefined) return undefined;
    ledger.mark(directive, directive.name, 'changed', OUTSIDE);
    return directive;
  };
  return {
    one: (name) => inside.one(name) ?? tell(MOVABLE.has(name) ? top.one(name) : undefined),
    all(name) {
      const outside = MOVABLE.has(name) ? top.all(name) : [];
      for (const directive of outside) tell(directive);
      return [...inside.all(name), ...outside];
    },
  };
}

const MOVABLE = new Set([
  'notification_email',
  'notification_email_from',
  'smtp_server',
  'smtp_helo_name',
  'smtp_connect_timeout',
  'router_id',
]);

export function vrrpDefaults(draft: Draft, globals: Globals): VrrpDefaults {
  const { ledger } = draft;
  const least = flagOf(ledger, globals.one('vrrp_min_garp')) ?? false;
  return {
    version: intOf(ledger, globals.one('vrrp_version'), 2, 3),
    garpCount: intOf(ledger, globals.one('vrrp_garp_master_repeat'), 1, 100) ?? (least ? 1 : undefined),
    garpRepeatMs: timerOf(ledger, globals.one('vrrp_garp_master_refresh'), 86_400),
    interface: globals.one('default_interface')?.args[0],
  };
}

export function nodeName(globals: Globals): string | undefined {
  const id = globals.one('router_id')?.args[0];
  return id === undefined ? undefined : cleanName(id) || undefined;
}

export function notificationsOf(
  draft: Draft,
  globals: Globals,
  host: string | undefined,
): YamlMap | undefined {
  const routerId = globals.one('router_id')?.args[0];
  const mail = mailOf(draft, globals, host);
  const fifos = fifosOf(globals);
  const events = mail === undefined ? undefined : eventsOf(draft, globals, fifos.length > 0);
  if (routerId === undefined && mail === undefined && fifos.length === 0) return undefined;
  return yamlMap({
    router_id: routerId || undefined,
    events,
    mail,
    fifos: fifos.length === 0 ? undefined : fifos,
  });
}

function mailOf(draft: Draft, globals: Globals, host: string | undefined): YamlMap | undefined {
  const { ledger } = draft;
  const to: string[] = [];
  for (const block of globals.all('notification_email')) {
    for (const item of openScope(ledger, 'notification_email', block).all('*')) {
      for (const address of [item.name, ...item.args]) {
        if (/^[^\s@]+@[^\s@]+$/.test(address)) to.push(address);
        else refuse(ledger, item, 'must be a mail address', address);
      }
    }
  }
  const server = globals.one('smtp_server');
  const parts = [server, globals.one('notification_email_from'), globals.one('smtp_helo_name')];
  const timeoutFrom = globals.one('smtp_connect_timeout');
  const timeout = timerOf(ledger, timeoutFrom, 600);
  const serverName = server?.args[0];
  if (to.length === 0 || serverName === undefined) {
    const why =
      to.length === 0 ? 'no notification_email says whom to write to' : 'no smtp_server takes the mail';
    for (const one of [...parts, timeoutFrom, ...globals.all('notification_email')])
      if (one !== undefined)
        ledger.mark(one, one.name, 'not carried', `${why}; keepalived sends none either`);
    return undefined;
  }
  const from = parts[1]?.args[0];
  const usable = from !== undefined && /^[^\s@]+@[^\s@]+$/.test(from);
  if (from !== undefined && !usable) refuse(ledger, parts[1]!, 'must be a mail address', from);
  return yamlMap({
    from: usable ? from : `keepalived@${host ?? 'localhost'}`,
    to,
    server: serverName,
    port: server!.args[1] === undefined ? undefined : intOf(ledger, server, 1, 65535, 1),
    helo: parts[2]?.args[0],
    connect_timeout: timeout === undefined ? undefined : formatDuration(Math.max(100, timeout)),
  });
}

/** Who gets mail of what: keepalived tells of real servers unless told not to, of quorums and roles only when told to. */
function eventsOf(draft: Draft, globals: Globals, alsoFifos: boolean): readonly Yaml[] | undefined {
  const { ledger, events } = draft;
  const all = flagOf(ledger, globals.one('smtp_alert'));
  const vrrp = flagOf(ledger, globals.one('smtp_alert_vrrp')) ?? all;
  const checker = flagOf(ledger, globals.one('smtp_alert_checker')) ?? all;
  if (vrrp === true) events.add('role');
  if (checker === true) events.add('quorum').add('member');
  if (checker === false || globals.one('no_checker_emails') !== undefined) events.delete('member');
  // The list is for every channel, and the FIFOs of keepalived carry everything.
  if (alsoFifos) return undefined;
  const order: readonly MailEvent[] = ['member', 'quorum', 'role'];
  return order.filter((event) => events.has(event));
}

function fifosOf(globals: Globals): YamlMap[] {
  const fifos: YamlMap[] = [];
  for (const [name, kind] of [
    ['notify_fifo', 'all'],
    ['vrrp_notify_fifo', 'vrrp'],
    ['lvs_notify_fifo', 'lvs'],
  ] as const) {
    const path = globals.one(name)?.args[0];
    if (path) fifos.push(yamlMap({ path, kind }, { flow: true }));
  }
  return fifos;
}

export function ipvsTimeouts(draft: Draft, globals: Globals): YamlMap | undefined {
  const directive = globals.one('lvs_timeouts');
  if (directive === undefined) return undefined;
  const read = (word: string): string | undefined => {
    const at = directive.args.indexOf(word);
    if (at < 0) return undefined;
    const seconds = intOf(draft.ledger, directive, 1, 86_400 * 31, at + 1);
    return seconds === undefined ? undefined : formatDuration(seconds * 1000);
  };
  const values = { tcp_timeout: read('tcp'), tcp_fin_timeout: read('tcpfin'), udp_timeout: read('udp') };
  if (Object.values(values).every((value) => value === undefined))
    return refuse(
      draft.ledger,
      directive,
      'must be tcp, tcpfin or udp with seconds',
      directive.args.join(' '),
    );
  return yamlMap(values, { flow: true });
}

export function syncOf(draft: Draft, globals: Globals, vrrp: VrrpResult): YamlMap | undefined {
  const directive = globals.one('lvs_sync_daemon');
  if (directive === undefined) return undefined;
  const { ledger } = draft;
  const [device, ...words] = directive.args;
  if (device === undefined || !/^[^\s/]{1,15}$/.test(device))
    return refuse(ledger, directive, 'must start with an interface', device ?? '');
  let instance: string | undefined;
  const values: Record<string, Yaml | undefined> = {};
  const numbers = {
    id: ['id', 0, 255],
    maxlen: ['max_bytes', 128, 65_000],
    port: ['port', 1, 65_535],
    ttl: ['ttl', 1, 255],
  } as const;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === 'inst') {
      instance = words[++i];
    } else if (word === 'group') {
      const group = words[++i] ?? '';
      if (isIp(group)) values.multicast_group = canonicalIp(group);
      else refuse(ledger, directive, 'must have a group that is an IP address', group);
    } else if (Object.hasOwn(numbers, word)) {
      const [key, min, max] = numbers[word as keyof typeof numbers];
      values[key] = intOf(ledger, directive, min, max, ++i + 1);
    } else if (i === 0) {
      instance = word;
    } else if (i === 1 && /^\d+$/.test(word)) {
      values.id = intOf(ledger, directive, 0, 255, i + 1);
    } else {
      ledger.mark(directive, directive.name, 'changed', `${word} is not carried`);
    }
  }
  const group = instance === undefined ? undefined : vrrp.groupOf.get(instance);
  if (instance !== undefined && group === undefined)
    ledger.mark(
      directive,
      directive.name,
      'changed',
      `there is no vrrp_instance ${instance}; both halves run always`,
    );
  const { id, ...rest } = values;
  return yamlMap({ enabled: true, interface: device, id: id ?? group?.vrid, ...rest }, { flow: true });
}
