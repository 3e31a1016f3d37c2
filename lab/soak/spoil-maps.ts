// Edits the tables of the XDP program behind the back of its daemon, as a person with bpftool could.
import { join } from 'node:path';
import { closeFd } from '../../src/kernel/bpf/libc.ts';
import { BpfMap } from '../../src/kernel/bpf/map.ts';
import { openPin } from '../../src/kernel/bpf/pin.ts';

/** Which listener an address and port belong to. */
const TABLE = 'vips4';

function withTable(bpfDir: string, edit: (table: BpfMap) => void): void {
  const fd = openPin(join(bpfDir, 'v1/maps', TABLE));
  if (fd === undefined) throw new Error(`Cannot open ${TABLE} below ${bpfDir}`);
  try {
    edit(new BpfMap(fd));
  } finally {
    closeFd(fd);
  }
}

export function deleteRows(bpfDir: string): void {
  withTable(bpfDir, (table) => {
    for (const key of [...table.keys()]) table.delete(key);
  });
}

/** A row like one that is there, of another address. */
export function addForeignRow(bpfDir: string): void {
  withTable(bpfDir, (table) => {
    const [key] = [...table.keys()];
    if (key === undefined) throw new Error(`Cannot copy a row of ${TABLE} as it is empty`);
    const value = table.lookup(key)!;
    const other = key.map((byte) => byte ^ 0x55);
    table.update(other, value);
  });
}
