// The table of the guide: every directive and its field, printed from the rows the importer reads through.
import { ROWS, type Row } from './directives.ts';

const HEAD = '| in | keepalived | here | remark |\n| --- | --- | --- | --- |';

export function renderDirectiveTable(): string {
  const kept = ROWS.filter((row) => row.what !== 'not carried');
  const lost = ROWS.filter((row) => row.what === 'not carried');
  return [
    '### Carried, with the same meaning or the change remarked',
    '',
    HEAD,
    ...joinBlocks(kept).map(line),
    '',
    '### Not carried',
    '',
    HEAD,
    ...joinBlocks(lost).map(line),
  ].join('\n');
}

interface Joined {
  readonly blocks: string[];
  readonly row: Row;
}

/** A directive that means the same in several blocks is one line. */
function joinBlocks(rows: readonly Row[]): readonly Joined[] {
  const joined = new Map<string, Joined>();
  for (const row of rows) {
    const key = [row.names.join(' '), row.field, row.note].join('|');
    const found = joined.get(key);
    if (found === undefined) joined.set(key, { blocks: [row.block], row });
    else found.blocks.push(row.block);
  }
  return [...joined.values()];
}

function line({ blocks, row }: Joined): string {
  const names = row.names.map((name) => (name === '*' ? '(each line)' : `\`${name}\``)).join(', ');
  const field = row.field === '' ? '' : `\`${row.field}\``;
  return `| ${blocks.join(', ')} | ${names} | ${field} | ${row.note} |`;
}
