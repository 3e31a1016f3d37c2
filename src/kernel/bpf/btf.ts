// Reads struct layouts out of an object's .BTF section, so that a test can hold our offsets against the compiler's.

import { viewOf } from './elf.ts';

export interface BtfStruct {
  readonly size: number;
  /** Offset in bytes by member name; members of nameless unions and structs are lifted into their parent. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** BTF kinds (Documentation/bpf/btf.rst) and how many bytes follow each type besides its header. */
const STRUCT = 4;
const UNION = 5;
const EXTRA: Readonly<Record<number, (vlen: number) => number>> = {
  1: () => 4,
  3: () => 12,
  [STRUCT]: (vlen) => vlen * 12,
  [UNION]: (vlen) => vlen * 12,
  6: (vlen) => vlen * 8,
  13: (vlen) => vlen * 8,
  14: () => 4,
  15: (vlen) => vlen * 12,
  17: () => 4,
  19: (vlen) => vlen * 12,
};

interface RawStruct {
  readonly name: string;
  readonly size: number;
  readonly members: readonly { readonly name: string; readonly type: number; readonly bits: number }[];
}

/** Structs by name. */
export function structsOf(btf: Uint8Array): ReadonlyMap<string, BtfStruct> {
  const view = viewOf(btf);
  const headerLength = view.getUint32(4, true);
  const types = headerLength + view.getUint32(8, true);
  const typesEnd = types + view.getUint32(12, true);
  const strings = headerLength + view.getUint32(16, true);
  const text = (offset: number) => {
    const from = strings + offset;
    return new TextDecoder().decode(btf.subarray(from, btf.indexOf(0, from)));
  };
  const raw = new Map<number, RawStruct>();
  let id = 1;
  for (let at = types; at < typesEnd; id++) {
    const info = view.getUint32(at + 4, true);
    const kind = (info >> 24) & 31;
    const vlen = info & 0xffff;
    if (kind === STRUCT || kind === UNION) {
      const members = Array.from({ length: vlen }, (_, index) => {
        const member = at + 12 + index * 12;
        return {
          name: text(view.getUint32(member, true)),
          type: view.getUint32(member + 4, true),
          bits: view.getUint32(member + 8, true) & 0xffffff,
        };
      });
      raw.set(id, { name: text(view.getUint32(at, true)), size: view.getUint32(at + 8, true), members });
    }
    at += 12 + (EXTRA[kind]?.(vlen) ?? 0);
  }
  const out = new Map<string, BtfStruct>();
  for (const struct of raw.values())
    if (struct.name !== '') out.set(struct.name, { size: struct.size, offsets: offsetsOf(struct, raw) });
  return out;
}

function offsetsOf(struct: RawStruct, raw: ReadonlyMap<number, RawStruct>): Map<string, number> {
  const out = new Map<string, number>();
  for (const { name, type, bits } of struct.members) {
    const inner = raw.get(type);
    if (name === '' && inner !== undefined)
      for (const [deep, offset] of offsetsOf(inner, raw)) out.set(deep, bits / 8 + offset);
    else out.set(name, bits / 8);
  }
  return out;
}
