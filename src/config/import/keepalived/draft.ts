// What the translators fill while they read: VIPs by address, names taken, facts one part must know of another.
import type { Ledger, Origin } from './ledger.ts';
import { Names } from './names.ts';
import type { YamlMap } from './yaml.ts';

export interface DraftVip {
  readonly name: string;
  readonly address: string;
  readonly prefixLength: number | undefined;
  readonly device: string | undefined;
  readonly group: string | undefined;
  /** False: keepalived did not put the address on an interface, so somebody else does. */
  readonly manage: boolean;
  readonly origin: Origin;
}

export type MailEvent = 'member' | 'quorum' | 'role';

export interface Draft {
  readonly ledger: Ledger;
  readonly vips: Map<string, DraftVip>;
  /** Addresses of static_ipaddress; a VIP as soon as a virtual server listens on one. */
  readonly statics: Map<string, DraftVip>;
  readonly vipNames: Names;
  readonly listenerNames: Names;
  readonly listeners: YamlMap[];
  readonly pools: YamlMap[];
  /** Events somebody asked mail for. */
  readonly events: Set<MailEvent>;
}

export function newDraft(ledger: Ledger): Draft {
  return {
    ledger,
    vips: new Map(),
    statics: new Map(),
    vipNames: new Names(),
    listenerNames: new Names(),
    listeners: [],
    pools: [],
    events: new Set(),
  };
}

/** Where an object came from, for the comment beside ours. */
export function whence(origin: Origin): string {
  const file = origin.file.slice(origin.file.lastIndexOf('/') + 1);
  return `${file}:${origin.line}`;
}

/** The VIP of an address a virtual server listens on; made on the spot where no other part of the file holds it. */
export function vipFor(draft: Draft, address: string, origin: Origin): DraftVip {
  const known = draft.vips.get(address);
  if (known !== undefined) return known;
  const static_ = draft.statics.get(address);
  const vip: DraftVip = {
    address,
    prefixLength: undefined,
    device: undefined,
    group: undefined,
    manage: false,
    origin,
    ...static_,
    name: draft.vipNames.take(address.startsWith(':') ? `vip${address}` : address),
  };
  draft.vips.set(address, vip);
  return vip;
}
