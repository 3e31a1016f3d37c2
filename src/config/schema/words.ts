// The plain scalars: text, names, whole numbers, switches and words of a closed list.
import type { z } from 'zod';
import { didYouMean } from '../../lib/did-you-mean.ts';
import { Fault, scalar, show } from './field.ts';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:@-]*$/;
const LONGEST_NAME = 64;
// Linux: IFNAMSIZ is 16 with the closing zero.
const INTERFACE = /^[^\s/]{1,15}$/;

export interface TextOptions {
  readonly default?: string;
  readonly pattern?: RegExp;
  /** What the pattern asks for, to end the sentence "Must be ...". */
  readonly must?: string;
  readonly allowed?: string;
  readonly example?: string;
  readonly maxLength?: number;
}

export function text(about: string, options: TextOptions = {}): z.ZodType<string> {
  const longest = options.maxLength ?? 4096;
  return scalar(
    about,
    {
      type: 'text',
      ...defaultOf(options.default),
      ...(options.allowed === undefined ? {} : { allowed: options.allowed }),
      json: { type: 'string', ...(options.pattern === undefined ? {} : { pattern: options.pattern.source }) },
    },
    (value) => {
      if (typeof value !== 'string') return notText(value);
      if (value === '') return new Fault('empty-value', 'Must not be empty');
      if (value.length > longest)
        return new Fault('bad-value', `Must have at most ${longest} characters: it has ${value.length}`);
      if (value.includes('\0')) return new Fault('bad-value', 'Must not contain a zero byte');
      if (options.pattern !== undefined && !options.pattern.test(value))
        return new Fault(
          'bad-value',
          `Must be ${options.must ?? 'of the documented form'}: current value is ${show(value)}`,
          options.example === undefined ? undefined : `For example ${options.example}`,
        );
      return value;
    },
  );
}

/** Name of an object: what keys, metrics and commands call it. */
export function name(about: string): z.ZodType<string> {
  return scalar(
    about,
    {
      type: 'name',
      allowed: `letters, digits and _ . : @ -, at most ${LONGEST_NAME}`,
      json: { type: 'string', pattern: NAME.source, maxLength: LONGEST_NAME },
    },
    (value) => {
      if (typeof value !== 'string') return notText(value);
      if (value.length > LONGEST_NAME)
        return new Fault('bad-name', `Must have at most ${LONGEST_NAME} characters: it has ${value.length}`);
      if (!NAME.test(value))
        return new Fault(
          'bad-name',
          `Must be letters, digits and "_.:@-", starting with a letter or digit: current value is ${show(value)}`,
        );
      return value;
    },
  );
}

export function interfaceName(about: string): z.ZodType<string> {
  return text(about, {
    pattern: INTERFACE,
    must: 'the name of a network interface (1-15 characters, no blanks, no slash)',
    example: 'eth0, bond0.100',
    allowed: '1-15 characters',
  });
}

export interface IntOptions {
  readonly min: number;
  readonly max: number;
  readonly default?: number;
  readonly unit?: string;
  readonly hint?: string;
}

export function int(about: string, options: IntOptions): z.ZodType<number> {
  const { min, max } = options;
  const range = min === max ? `${min}` : `${min}-${max}`;
  return scalar(
    about,
    {
      type: 'whole number',
      ...defaultOf(options.default),
      ...(options.unit === undefined ? {} : { unit: options.unit }),
      allowed: range,
      json: { type: 'integer', minimum: min, maximum: max },
    },
    (value) => {
      const number = numberOf(value);
      if (number === undefined)
        return new Fault(
          'wrong-type',
          `Must be ${min === max ? '' : 'a whole number '}${range}: current value is ${show(value)}`,
          options.hint,
        );
      if (number < min || number > max)
        return new Fault('out-of-range', `Must be ${range}: current value is ${number}`, options.hint);
      return number;
    },
  );
}

export function flag(about: string, defaultValue?: boolean): z.ZodType<boolean> {
  return scalar(
    about,
    { type: 'true or false', ...defaultOf(defaultValue), json: { type: 'boolean' } },
    (value) => {
      if (typeof value === 'boolean') return value;
      // What `${NAME}` gives is always text.
      if (value === 'true') return true;
      if (value === 'false') return false;
      const hint =
        value === 'yes' || value === 'on'
          ? 'Write true'
          : value === 'no' || value === 'off'
            ? 'Write false'
            : undefined;
      return new Fault('wrong-type', `Must be true or false: current value is ${show(value)}`, hint);
    },
  );
}

export function oneOf<const W extends readonly string[]>(
  about: string,
  words: W,
  defaultValue?: W[number],
): z.ZodType<W[number]> {
  const known = new Set<string>(words);
  return scalar<W[number]>(
    about,
    { type: 'word', ...defaultOf(defaultValue), allowed: words.join(', '), json: { enum: [...words] } },
    (value) => {
      if (typeof value === 'string' && known.has(value)) return value as W[number];
      // `version: 1.1` is a number to YAML though a word to us.
      if (typeof value === 'number' && known.has(String(value))) return String(value) as W[number];
      const near = typeof value === 'string' ? nearestWord(value, words) : undefined;
      return new Fault(
        'not-allowed',
        `Must be one of ${words.join(', ')}: current value is ${show(value)}`,
        near === undefined ? undefined : `Did you mean "${near}"?`,
      );
    },
  );
}

export function nearestWord(value: string, words: readonly string[]): string | undefined {
  const lower = value.toLowerCase();
  return words.find((word) => word.toLowerCase() === lower) ?? didYouMean(lower, words);
}

/** A whole number, or text that is exactly one: `"80"`, or what `${PORT}` expanded to. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value === 'string' && /^-?\d{1,15}$/.test(value)) return Number(value);
  return undefined;
}

export function defaultOf(value: string | number | boolean | undefined): { default?: string } {
  return value === undefined ? {} : { default: String(value) };
}

function notText(value: unknown): Fault {
  const plain = typeof value === 'number' || typeof value === 'boolean';
  return new Fault(
    'wrong-type',
    `Must be text: current value is ${show(value)}`,
    plain ? `Quote it: "${String(value)}"` : undefined,
  );
}
