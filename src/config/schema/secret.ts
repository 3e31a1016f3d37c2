// Secrets: text in the file, a file's content, or an environment variable. What they hold never reaches a diagnostic.
import type { z } from 'zod';
import { Fault, scalar } from './field.ts';

/** Where a secret is to be read from; resolved by decode with a port of the caller's. */
export type SecretRef =
  | { readonly kind: 'inline'; readonly value: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly name: string; readonly default?: string };

const KEYS = new Set(['file', 'env', 'default']);

export function secret(about: string): z.ZodType<SecretRef> {
  return scalar<SecretRef>(
    about,
    {
      type: 'secret',
      allowed: '{ file: PATH }, { env: NAME, default: TEXT } or text',
      secret: true,
      json: {
        anyOf: [
          { type: 'string' },
          {
            type: 'object',
            properties: { file: { type: 'string' } },
            required: ['file'],
            additionalProperties: false,
          },
          {
            type: 'object',
            properties: { env: { type: 'string' }, default: { type: 'string' } },
            required: ['env'],
            additionalProperties: false,
          },
        ],
      },
    },
    read,
  );
}

function read(value: unknown): SecretRef | Fault {
  if (typeof value === 'string') return { kind: 'inline', value };
  if (typeof value === 'number') return { kind: 'inline', value: String(value) };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong();
  const block = value as Record<string, unknown>;
  // Not naming the key: somebody may have written the secret itself there.
  if (Object.keys(block).some((key) => !KEYS.has(key))) return wrong();
  const { file, env } = block;
  const fallback = block.default;
  if (typeof file === 'string' && file !== '' && env === undefined && fallback === undefined)
    return { kind: 'file', path: file };
  if (typeof env === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(env) && file === undefined) {
    if (fallback === undefined) return { kind: 'env', name: env };
    if (typeof fallback === 'string') return { kind: 'env', name: env, default: fallback };
  }
  return wrong();
}

function wrong(): Fault {
  return new Fault(
    'wrong-type',
    'Must be { file: PATH }, { env: NAME } or text',
    'For example { file: /etc/lbctl/vrrp.key }',
  );
}
