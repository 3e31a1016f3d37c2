// Items and the World as stable text: for goldens, `show world`, and a person who compares two of them.
import type { Fields, Item, ItemMap } from '../model/item.ts';
import type { World, WorldListener, WorldMember } from '../model/world.ts';
import { compareText } from './order.ts';

/** One line for each item, children under their parents, all by key; fields by name. */
export function renderItems(items: ItemMap): string {
  const children = new Map<string | undefined, Item[]>();
  for (const item of items.values()) {
    // What names a parent that is not here stands at the top, so that nothing is left out.
    const under = item.parent !== undefined && items.has(item.parent) ? item.parent : undefined;
    const group = children.get(under);
    if (group === undefined) children.set(under, [item]);
    else group.push(item);
  }
  const lines: string[] = [];
  const write = (parent: string | undefined, indent: string): void => {
    const group = (children.get(parent) ?? []).sort((a, b) => compareText(a.key, b.key));
    for (const item of group) {
      lines.push(`${indent}${item.kind} ${item.key}${renderFields(item.fields)}`);
      write(item.key, `${indent}  `);
    }
  };
  write(undefined, '');
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

export function renderWorld(world: World): string {
  const blocks = [
    world.addresses.map((one) => `address ${one.key}  (vip ${one.vip})`),
    world.certificates.map((one) => `certificate ${one.name}`),
    ...world.listeners.map(renderListener),
    world.unplaced.map((one) => `unplaced ${one.listener}: ${one.reason}, ${one.detail}`),
  ].filter((lines) => lines.length > 0);
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function renderListener(listener: WorldListener): readonly string[] {
  const flags = listener.schedulerFlags.map((flag) => `+${flag}`).join('');
  const head = `listener ${listener.key}  (${listener.name})`;
  const about =
    `  ${listener.protocol} by ${listener.engine} (${listener.engineReason}), mode ${listener.mode}, ` +
    `scheduler ${listener.scheduler}${flags}`;
  const rulePools = (listener.layer7?.rulePools ?? []).flatMap((pool) => [
    `  pool ${pool.name}`,
    ...pool.members.map((member) => `  ${renderMember(member)}`),
  ]);
  return [head, about, ...listener.members.map(renderMember), ...rulePools];
}

function renderMember(member: WorldMember): string {
  const named = member.name === member.key ? '' : ` (${member.name})`;
  const weight =
    member.effectiveWeight === member.weight
      ? `weight ${member.weight}`
      : `weight ${member.effectiveWeight} of ${member.weight}`;
  const row = member.present ? '' : ', no row';
  return `  member ${member.key}${named}  ${weight}, ${member.reason}${row}`;
}

function renderFields(fields: Fields): string {
  return Object.keys(fields)
    .sort(compareText)
    .map((name) => {
      const value = fields[name];
      return `  ${name}=${typeof value === 'string' && /\s|^$/.test(value) ? JSON.stringify(value) : value}`;
    })
    .join('');
}
