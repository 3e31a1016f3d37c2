// `-o table|json|yaml`: one option, one way to print data.
import { Option } from 'commander';
import { stableJson } from '../lib/stable-json.ts';

export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

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
