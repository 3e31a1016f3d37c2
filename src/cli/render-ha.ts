// High availability as text for people: the node's readiness, its groups, its sessions, what troubles it. Pure.
import type { HaStatus } from '../model/ha-status.ts';
import { paint } from '../plan/paint.ts';
import { agoText } from './render-status.ts';
import { type Cell, renderTable } from './table.ts';

export function renderHa(
  status: HaStatus,
  options: { readonly colour: boolean; readonly nowMs: number },
): string {
  const ink = paint(options.colour);
  const inkOf = { active: ink.green, standby: ink.dim, fault: ink.red } as const;
  const rows = status.groups.map((one): Cell[] => [
    one.group,
    { text: one.role, ink: inkOf[one.role] },
    String(one.epoch),
    String(one.priority),
    one.chooser,
    agoText(options.nowMs - one.sinceMs),
    one.reason,
    one.detail,
  ]);
  const table = renderTable(
    [
      { title: 'GROUP' },
      { title: 'ROLE' },
      { title: 'EPOCH', align: 'right' },
      { title: 'PRIORITY', align: 'right' },
      { title: 'CHOSEN BY' },
      { title: 'SINCE', align: 'right' },
      { title: 'REASON' },
      { title: 'DETAIL' },
    ],
    rows,
    ink.bold,
  );
  const words = [
    status.maintenance ? ink.yellow('kept back for maintenance') : 'not in maintenance',
    status.applied ? 'configuration applied' : ink.yellow('configuration not applied yet'),
    ...(status.synced
      ? status.sync === undefined
        ? []
        : ['connections in sync']
      : [ink.yellow('connections of the peer still come in')]),
  ];
  const sessions = Object.entries(status.bfd).map(
    ([name, up]) => `bfd ${name}: ${up ? ink.green('up') : ink.red('down')}\n`,
  );
  for (const [name, state] of Object.entries(status.bgp))
    sessions.push(`bgp ${name}: ${(state === 'Established' ? ink.green : ink.red)(state)}\n`);
  for (const { address, as } of status.announced)
    sessions.push(`route ${address}: ${ink.green('announced')} as ${as}\n`);
  const { sync } = status;
  const flows =
    sync === undefined
      ? []
      : [
          `sync: ${sync.flows} flows shared, ${sync.followers} followers, ${sync.backlog} waiting, ${sync.homeless} without a place\n`,
          ...sync.peers.map(
            (one) =>
              `sync peer ${one.peer}: ${(one.state === 'synced' ? ink.green : ink.yellow)(one.state)}\n`,
          ),
        ];
  const troubles = status.troubles.map((one) => `${ink.red('trouble')} ${one}\n`);
  return `${words.join(', ')}\n\n${table}${[...sessions, ...flows, ...troubles].join('')}`;
}
