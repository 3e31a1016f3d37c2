// A block with its servers as text, and what stands for all that only a reload can change. Pure.
import { createHash } from 'node:crypto';
import type { Item } from '../../../model/item.ts';
import { endpointKey } from '../../../model/keys.ts';
import { serverName } from '../names.ts';
import type { Backend, Block } from '../record-types.ts';
import { type GlobalSettings, renderGlobal } from './global.ts';

export interface BlockWithMembers {
  readonly block: Block;
  readonly members: Iterable<Item>;
}

/** Below the global part, one after another. */
export function renderBlock({ block, members }: BlockWithMembers): string {
  const parts = [block.frontend, block.backend.text];
  for (const member of members) parts.push(`  ${serverLine(member, block.backend)}\n`);
  parts.push('\n');
  return parts.join('');
}

/** What only a reload can change. Members come and go through the socket, so they are no part of it. */
export function generationOf(settings: GlobalSettings, blocks: Iterable<Block>, files: string): string {
  const hash = createHash('sha256').update(renderGlobal(settings, '')).update('\0').update(files);
  for (const block of blocks)
    hash
      .update('\0')
      .update(block.frontend)
      .update(block.backend.text)
      .update(block.backend.serverOptions)
      .update(block.certificateList);
  return `lbctl-${hash.digest('hex').slice(0, 24)}`;
}

export function serverLine(member: Item, backend: Backend): string {
  return `server ${serverArguments(member, backend)}${member.fields.state === 'maint' ? ' disabled' : ''}`;
}

/** Name, address and options: the same words for the file and for "add server". */
export function serverArguments(member: Item, backend: Backend): string {
  const { name, target } = serverPlace(member);
  const { weight, maxConnections } = member.fields;
  const limit = maxConnections === undefined ? '' : ` maxconn ${maxConnections}`;
  const options = backend.serverOptions === '' ? '' : ` ${backend.serverOptions}`;
  return `${name} ${target} weight ${weight}${limit}${options}`;
}

/** Port 0 stands for the port the client came to: an offset of nothing from it. */
export function serverPlace(member: Item): ServerPlace {
  const known = places.get(member);
  if (known !== undefined) return known;
  const place = placeOf(member);
  places.set(member, place);
  return place;
}

interface ServerPlace {
  readonly name: string;
  readonly target: string;
}

/** Asked for each member in every round. */
const places = new WeakMap<Item, ServerPlace>();

function placeOf(member: Item): ServerPlace {
  const address = String(member.fields.address);
  const port = Number(member.fields.port);
  return { name: serverName(memberOf(member)), target: endpointKey(address, port === 0 ? '+0' : port) };
}

/** `10.0.0.1:80` of `tcp/192.0.2.10:80 > 10.0.0.1:80`. */
export function memberOf(item: Item): string {
  return item.key.slice((item.parent?.length ?? 0) + ' > '.length);
}
