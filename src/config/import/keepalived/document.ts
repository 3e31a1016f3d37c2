// Puts the whole document together: what stands at the top of the file, then each block in the order of the language.
import { familyOf } from '../../../lib/ip.ts';
import { bfdSessions } from './bfd.ts';
import type { CheckWorld } from './check-scope.ts';
import { type Draft, type DraftVip, newDraft, whence } from './draft.ts';
import { ipvsTimeouts, nodeName, notificationsOf, openGlobals, syncOf, vrrpDefaults } from './globals.ts';
import type { Ledger } from './ledger.ts';
import { openScope, type Scope } from './scope.ts';
import { addServer } from './servers.ts';
import { addStatics, claimStatics } from './statics.ts';
import { type Trackables, trackables } from './tracks.ts';
import { readVrrp, type VrrpResult } from './vrrp.ts';
import { comments, renderYaml, type Yaml, type YamlMap, yamlMap } from './yaml.ts';

/** `finish` books what nobody read; after it the account is complete and can be written above the document. */
export function writeDocument(file: string, top: Scope, ledger: Ledger, finish: () => void): string {
  const draft = newDraft(ledger);
  const globals = openGlobals(draft, top);
  const defaults = vrrpDefaults(draft, globals);
  const known = trackables(ledger, top);
  const vrrp = readVrrp(draft, top, defaults, known);
  claimStatics(draft, top, defaults.interface);
  const world = checkWorld(draft, top, known, globals.one('script_user')?.args[0]);
  const groups = new Map(top.all('virtual_server_group').map((group) => [group.args[0] ?? '', group]));
  for (const server of top.all('virtual_server')) addServer(draft, world, server, groups);
  addStatics(draft);
  globals.one('lvs_flush');

  const bfd = bfdSessions(ledger, top);
  const sync = syncOf(draft, globals, vrrp);
  const ipvs = ipvsTimeouts(draft, globals);
  const name = nodeName(globals);
  const notifications = notificationsOf(draft, globals, name);
  finish();
  const haGroups = [...vrrp.groups, ...alwaysGroup(draft, vrrp)];
  const needsHa = haGroups.length > 0 || bfd.length > 0 || sync !== undefined;
  const document = yamlMap({
    version: 1,
    node: yamlMap({ name, role: vrrp.role }),
    network: network(vrrp.frontend ?? defaults.interface),
    engine: 'ipvs',
    vips: some([...draft.vips.values()].map((vip) => vipMap(vip, vrrp))),
    listeners: some(draft.listeners),
    pools: some(draft.pools),
    ha: needsHa
      ? yamlMap({
          provider: haGroups.length > 0 ? 'keepalived' : 'none',
          groups: some(haGroups),
          bfd: some(bfd),
          sync,
        })
      : undefined,
    data_plane: ipvs === undefined ? undefined : yamlMap({ ipvs }),
    notifications,
  });
  return `${head(file, ledger)}\n${renderYaml(document)}`;
}

function some(items: readonly YamlMap[]): readonly Yaml[] | undefined {
  return items.length === 0 ? undefined : items;
}

function network(frontend: string | undefined): YamlMap {
  const comment = frontend === undefined ? 'chosen: the file names no interface' : undefined;
  return yamlMap({ frontend: yamlMap({ interface: frontend ?? 'eth0' }, { flow: true, comment }) });
}

const ALWAYS = 'always';

/** With one group alone, a VIP of no group would join it; those keepalived leaves in place get a group that never moves. */
function alwaysGroup(draft: Draft, vrrp: VrrpResult): readonly YamlMap[] {
  if (vrrp.groups.length === 0 || ![...draft.vips.values()].some((vip) => vip.group === undefined)) return [];
  return [
    yamlMap(
      { name: ALWAYS, choose: 'static', initial_role: 'active' },
      { flow: true, comment: 'addresses no vrrp_instance moves' },
    ),
  ];
}

function vipMap(vip: DraftVip, vrrp: VrrpResult): YamlMap {
  const full = familyOf(vip.address) === 6 ? 128 : 32;
  const why = vip.manage ? '' : ', held by no vrrp_instance';
  return yamlMap(
    {
      name: vip.name,
      address: `${vip.address}/${vip.prefixLength ?? full}`,
      interface: vip.device,
      group: vip.group ?? (vrrp.groups.length > 0 ? ALWAYS : undefined),
      manage: vip.manage ? undefined : false,
    },
    { flow: true, comment: `${whence(vip.origin)}${why}` },
  );
}

function checkWorld(draft: Draft, top: Scope, known: Trackables, scriptUser: string | undefined): CheckWorld {
  const { ledger } = draft;
  const ssl = top.one('SSL');
  const scope = openScope(ledger, 'SSL', ssl);
  const tls = {
    ...given('ca', scope.one('ca')?.args[0]),
    ...given('client_certificate', scope.one('certificate')?.args[0]),
    ...given('client_key', scope.one('key')?.args[0]),
  };
  const text = (value: Yaml | undefined) => (typeof value === 'string' ? value : undefined);
  return {
    ledger,
    tls,
    scriptUser,
    trackFile: (name) => text(known.file(name)?.target),
    bfdSession: (name) => text(known.session(name)?.target),
  };
}

function given(key: string, value: string | undefined): Readonly<Record<string, Yaml>> {
  return value === undefined || value === '' ? {} : { [key]: value };
}

/** What a person must know before using the file. */
function head(file: string, ledger: Ledger): string {
  const report = ledger.report();
  const lost = report.filter((line) => line.what === 'not carried');
  const changed = report.filter((line) => line.what === 'changed');
  const lines = [`# Made by "lbctl import keepalived" from ${file}.`];
  for (const [title, group] of [
    ['Not carried over:', lost],
    ['Carried over with another meaning:', changed],
  ] as const) {
    if (group.length === 0) continue;
    lines.push('#', `# ${title}`);
    for (const { file, line, directive, note } of group)
      lines.push(
        ...comments(
          `  ${file.slice(file.lastIndexOf('/') + 1)}:${line} ${directive}${note === '' ? '' : `: ${note}`}`,
        ),
      );
  }
  lines.push('#', '# Differences that hold everywhere: docs/guide/migrate-from-keepalived.md.', '');
  return lines.join('\n');
}
