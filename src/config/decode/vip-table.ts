// VIPs by name and by address: those that are written, and those that listeners make by naming an address.

import { isIp } from '../../lib/ip.ts';
import { Note } from '../../lib/note.ts';
import { bitsOf } from '../../lib/prefix.ts';
import type { Vip } from '../../model/vip.ts';
import type { Merged } from '../merge.ts';
import type { Origin } from '../report.ts';
import type { ListenerDoc } from '../schema/listener.ts';
import type { VipDoc } from '../schema/vip.ts';
import { given } from './given.ts';
import { setOrigin } from './origins.ts';

/** By the VIP as written, or the listener that names its address: VIPs, and what else they rest on. */
const VIPS = new Note<
  object,
  { readonly onlyGroup: string | undefined; readonly advertise: boolean; readonly made: Map<string, Vip> }
>();

/** Grows by those that listeners name by address. */
export class VipTable {
  readonly byName = new Map<string, Vip>();
  readonly #byAddress = new Map<string, Vip>();
  readonly #onlyGroup: string | undefined;
  readonly #advertise: boolean;

  constructor(merged: Merged) {
    const groups = merged.main.ha?.groups ?? [];
    this.#onlyGroup = groups.length === 1 ? groups[0]!.name : undefined;
    this.#advertise = merged.main.ha?.bgp !== undefined;
    for (const { doc, origin } of merged.vips)
      this.#put(
        this.#madeOnce(doc, doc.name, () => this.#fromDoc(doc)),
        origin,
      );
  }

  /** Makes a VIP of an address that none has. */
  add(reference: string, doc: ListenerDoc, origin: Origin): void {
    if (this.byName.has(reference) || this.#byAddress.has(reference) || !isIp(reference)) return;
    const make = () =>
      given({
        name: reference,
        address: reference,
        prefixLength: bitsOf(reference.includes(':') ? 6 : 4),
        group: this.#onlyGroup,
        manage: true,
        advertise: this.#advertise,
      });
    this.#put(this.#madeOnce(doc, reference, make), origin);
  }

  nameOf(reference: string): string | undefined {
    return (this.byName.get(reference) ?? this.#byAddress.get(reference))?.name;
  }

  /** The same object for as long as it says the same: whatever uses the VIP sees that it need not look again. */
  #madeOnce(doc: object, name: string, make: () => Vip): Vip {
    let known = VIPS.get(doc);
    if (known === undefined || known.onlyGroup !== this.#onlyGroup || known.advertise !== this.#advertise) {
      known = { onlyGroup: this.#onlyGroup, advertise: this.#advertise, made: new Map() };
      VIPS.set(doc, known);
    }
    let vip = known.made.get(name);
    if (vip === undefined) {
      vip = make();
      known.made.set(name, vip);
    }
    return vip;
  }

  #fromDoc(doc: VipDoc): Vip {
    const manage = doc.manage ?? true;
    return given({
      name: doc.name,
      address: doc.address.address,
      prefixLength: doc.address.length,
      interface: doc.interface,
      // What somebody else carries is moved by somebody else, unless a group is named.
      group: doc.group ?? (manage ? this.#onlyGroup : undefined),
      manage,
      advertise: doc.advertise ?? this.#advertise,
    });
  }

  #put(vip: Vip, origin: Origin): void {
    this.byName.set(vip.name, vip);
    if (!this.#byAddress.has(vip.address)) this.#byAddress.set(vip.address, vip);
    setOrigin(vip, origin);
  }
}
