// Reads a relocatable ELF file as compilers write it for BPF: 64 bits, little-endian. Sections, functions, relocations.

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  /** What the type says of another section: relocations name the one they change. */
  readonly info: number;
  readonly bytes: Uint8Array;
}

export interface ElfSymbol {
  readonly name: string;
  /** True for a function. */
  readonly code: boolean;
  /** Number of its section. */
  readonly section: number;
  /** Offset within its section, in bytes. */
  readonly value: number;
  readonly size: number;
}

export interface ElfRelocation {
  /** Number of the section it changes, and where in it, in bytes. */
  readonly section: number;
  readonly at: number;
  readonly symbol: ElfSymbol;
}

// The ELF specification's own numbers.
const SECTION_TABLE_AT = 40;
const SECTION_COUNT_AT = 60;
const SECTION_NAMES_AT = 62;
const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;
const RELOCATION_BYTES = 16;
const SYMBOLS = 2;
const RELOCATIONS = 9;
const FUNCTION = 2;

export class Elf {
  readonly sections: readonly ElfSection[];

  constructor(file: Uint8Array) {
    const view = viewOf(file);
    const table = Number(view.getBigUint64(SECTION_TABLE_AT, true));
    const raw = Array.from({ length: view.getUint16(SECTION_COUNT_AT, true) }, (_, index) => {
      const at = table + index * SECTION_BYTES;
      const from = Number(view.getBigUint64(at + 24, true));
      return {
        nameAt: view.getUint32(at, true),
        type: view.getUint32(at + 4, true),
        info: view.getUint32(at + 44, true),
        bytes: file.subarray(from, from + Number(view.getBigUint64(at + 32, true))),
      };
    });
    const names = raw[view.getUint16(SECTION_NAMES_AT, true)]!.bytes;
    this.sections = raw.map(({ nameAt, ...section }) => ({ ...section, name: textAt(names, nameAt) }));
  }

  section(name: string): Uint8Array | undefined {
    return this.sections.find((section) => section.name === name)?.bytes;
  }

  /** In the order of the file, which relocations count in. */
  symbols(): readonly ElfSymbol[] {
    const table = this.sections.find((section) => section.type === SYMBOLS)?.bytes ?? new Uint8Array();
    const names = this.section('.strtab') ?? new Uint8Array();
    const view = viewOf(table);
    return Array.from({ length: table.length / SYMBOL_BYTES }, (_, index) => {
      const at = index * SYMBOL_BYTES;
      return {
        name: textAt(names, view.getUint32(at, true)),
        code: (view.getUint8(at + 4) & 15) === FUNCTION,
        section: view.getUint16(at + 6, true),
        value: Number(view.getBigUint64(at + 8, true)),
        size: Number(view.getBigUint64(at + 16, true)),
      };
    });
  }

  relocations(): readonly ElfRelocation[] {
    const symbols = this.symbols();
    return this.sections
      .filter((section) => section.type === RELOCATIONS)
      .flatMap(({ bytes, info }) => {
        const view = viewOf(bytes);
        return Array.from({ length: bytes.length / RELOCATION_BYTES }, (_, index) => ({
          section: info,
          at: Number(view.getBigUint64(index * RELOCATION_BYTES, true)),
          symbol: symbols[view.getUint32(index * RELOCATION_BYTES + 12, true)]!,
        }));
      });
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textAt(strings: Uint8Array, from: number): string {
  return new TextDecoder().decode(strings.subarray(from, strings.indexOf(0, from)));
}
