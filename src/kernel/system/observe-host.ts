// Reads the items a plan asks about from the machine.
import { type Item, type ItemMap, item, itemMap } from '../../model/item.ts';
import type { Host, HostKind } from '../../plan/system/host.ts';
import {
  canonicalValue,
  deviceItem,
  fileItem,
  fouPortItem,
  linkItem,
  moduleItem,
  nftTableItem,
} from '../../plan/system/host-items.ts';

interface Asked {
  readonly kind: HostKind;
  readonly key: string;
}

export function observeHost(host: Host, asked: readonly Asked[]): ItemMap {
  const found: Item[] = [];
  for (const one of asked) {
    const seen = observeOne(host, one);
    if (seen !== undefined) found.push(seen);
  }
  return itemMap(found);
}

function observeOne(host: Host, { kind, key }: Asked): Item | undefined {
  switch (kind) {
    case 'module':
      return host.isModuleLoaded(key) ? moduleItem(key) : undefined;
    case 'sysctl': {
      const value = host.readSysctl(key);
      return value === undefined ? undefined : item('sysctl', key, { value: canonicalValue(value) });
    }
    case 'file': {
      const file = host.readFile(key);
      return file === undefined ? undefined : fileItem(key, file.content, file.mode);
    }
    case 'link': {
      const target = host.readLink(key);
      return target === undefined ? undefined : linkItem(key, target);
    }
    case 'device':
      return isDeviceUp(host, key) ? deviceItem(key) : undefined;
    case 'fou-port': {
      const { stdout } = host.run(['ip', 'fou', 'show']);
      return new RegExp(`^port ${key} gue`, 'm').test(stdout) ? fouPortItem(Number(key)) : undefined;
    }
    case 'nft-table':
      return observeTable(host, key);
    case 'address':
      return hasAddress(host, key) ? item('address', key, { present: true }) : undefined;
  }
}

interface IpAddress {
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

/** `192.0.2.10/32 dev lo` */
function hasAddress(host: Host, key: string): boolean {
  const [address, device] = key.split(' dev ');
  const { code, stdout } = host.run(['ip', '-j', 'address', 'show', 'dev', device!]);
  if (code !== 0 || stdout.trim() === '') return false;
  const links = JSON.parse(stdout) as IpAddress[];
  return links.some((link) =>
    (link.addr_info ?? []).some((info) => `${info.local}/${info.prefixlen}` === address),
  );
}

function isDeviceUp(host: Host, name: string): boolean {
  const { code, stdout } = host.run(['ip', '-j', 'link', 'show', 'dev', name]);
  if (code !== 0 || stdout.trim() === '') return false;
  const [link] = JSON.parse(stdout) as { readonly flags: readonly string[] }[];
  return link?.flags.includes('UP') ?? false;
}

/** The table says itself which text made it; its rules as nft prints them would differ in spelling. */
function observeTable(host: Host, key: string): Item | undefined {
  const { code, stdout } = host.run(['nft', 'list', 'table', ...key.split(' ')]);
  if (code !== 0) return undefined;
  const mark = /^\s*comment "([^"]*)"/m.exec(stdout)?.[1] ?? '';
  const rules = host.readFile(nftFileOf(key))?.content ?? '';
  return nftTableItem(key, mark, rules);
}

/** Where the text of a table of ours is kept, so that it can be loaded at boot and compared. */
export function nftFileOf(key: string): string {
  return `/etc/lbctl/${key.replace(' ', '-')}.nft`;
}
