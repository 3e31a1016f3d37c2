// `-o table|json|yaml`: one option, one way to print data.
import { Option } from 'commander';
import { stableJson } from '../lib/stable-json.ts';

export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** `wide` is a table that leaves nothing out. */
export const LIST_FORMATS = ['table', 'wide', 'json', 'yaml'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

export function listOption(): Option {
  return new Option('-o, --output <format>', 'how to print the result')
    .choices(LIST_FORMATS)
    .default('table');
}

export function outputOption(fallback: OutputFormat = 'table'): Option {
  return new Option('-o, --output <format>', 'how to print the result')
    .choices(OUTPUT_FORMATS)
    .default(fallback);
}

/** Keys are sorted, so that two outputs can be compared line by line. */
export async function toOutput(format: 'json' | 'yaml', value: unknown): Promise<string> {
  const json = stableJson(value, 2);
  if (format === 'json') return `${json}\n`;
  const { stringify } = await import('yaml');
  return stringify(JSON.parse(json), { lineWidth: 0 });
}

/** A sentence for people; the same as data for programs. */
export async function sentenceOr(format: OutputFormat, sentence: string, data: unknown): Promise<string> {
  return format === 'table' ? sentence : toOutput(format, data);
}
