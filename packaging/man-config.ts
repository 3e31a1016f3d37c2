// lbctl.yaml(5): the generated reference of the configuration, its Markdown turned into roff.
import { type ManOptions, type ManPage, titleLine } from './man.ts';
import { paragraph, roffText } from './roff.ts';

export function configManPage(markdown: string, options: ManOptions): ManPage {
  const blocks = markdown
    .replaceAll(/<!--[\s\S]*?-->\n?/g, '')
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .filter((block) => block !== '' && !block.startsWith('# '));
  const lines = [
    titleLine('lbctl.yaml', 5, options),
    '.SH NAME',
    'lbctl.yaml \\- configuration of lbctl',
    '.SH DESCRIPTION',
    ...blocks.flatMap((block, at) => blockLines(block, at === 0 || blocks[at - 1]!.startsWith('#'))),
    '.SH SEE ALSO',
    '\\fBlbctl\\fR(1),\n\\fBlbctl\\-daemon\\fR(8)',
  ];
  return { name: 'lbctl.yaml.5', text: `${lines.join('\n')}\n` };
}

/** A heading begins a paragraph by itself. */
function blockLines(block: string, afterHeading: boolean): string[] {
  if (block.startsWith('### ')) return [`.SS "${plain(block.slice(4))}"`];
  if (block.startsWith('## ')) return [`.SH "${plain(block.slice(3))}"`];
  if (block.startsWith('|')) return block.split('\n').slice(2).flatMap(rowLines);
  return [...(afterHeading ? [] : ['.PP']), ...paragraph(unmarked(block))];
}

/** `field | type | default | unit | allowed | meaning`, as a name with what is known of it. */
function rowLines(row: string): string[] {
  const cells = row
    .replace(/^\|\s?/, '')
    .replace(/\s?\|$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => unmarked(cell.trim()));
  const [field = '', type = '', initial = '', unit = '', allowed = '', meaning = ''] = cells;
  const facts = [
    type,
    ...(initial === '' ? [] : [`default ${initial}`]),
    ...(unit === '' ? [] : [`in ${unit}`]),
    ...(allowed === '' ? [] : [`allowed: ${allowed}`]),
  ];
  return ['.TP', `\\fB${roffText(field)}\\fR`, roffText(`${meaning} (${facts.join('; ')})`)];
}

function plain(text: string): string {
  return roffText(unmarked(text));
}

/** Without backticks, stars and links. */
function unmarked(text: string): string {
  return text
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replaceAll('**', '')
    .replaceAll('`', '')
    .replaceAll('\\|', '|');
}
