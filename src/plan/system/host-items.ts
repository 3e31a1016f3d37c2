// Builds the items of a machine's settings: one place that knows which fields each kind has.
import { type Item, item } from '../../model/item.ts';
import type { HostFile } from './host.ts';

export function moduleItem(name: string): Item {
  return item('module', name, { loaded: true });
}

export function sysctlItem(key: string, value: string): Item {
  return item('sysctl', key, { value: canonicalValue(value) });
}

export function fileItem(path: string, content: string, mode = '0644'): Item {
  return item('file', path, { content, mode });
}

export function linkItem(path: string, target: string): Item {
  return item('link', path, { target });
}

/** `192.0.2.10/32 dev lo` */
export function addressItem(address: string, device: string): Item {
  return item('address', `${address}/${address.includes(':') ? 128 : 32} dev ${device}`, { present: true });
}

/** A tunnel's fallback device, which takes packets from any sender once it is up. */
export function deviceItem(name: string): Item {
  return item('device', name, { up: true });
}

export function fouPortItem(port: number): Item {
  return item('fou-port', String(port), { type: 'gue' });
}

/** `rules` is the whole text for nft; the kernel keeps `mark` as the table's comment, so that a change is seen. */
export function nftTableItem(name: string, mark: string, rules: string): Item {
  return item('nft-table', name, { mark, rules });
}

export function fileOf(one: Item): HostFile {
  return { content: String(one.fields.content), mode: String(one.fields.mode) };
}

/** The kernel shows lists with tabs: `4096\t131072\t6291456`. */
export function canonicalValue(value: string): string {
  return value.trim().split(/\s+/).join(' ');
}
