// POOL/MEMBER as a person writes it, and what a daemon tells of that member.
import { InputError } from '../model/errors.ts';
import type { Override } from '../model/facts.ts';
import type { AnswerTimes } from '../model/status.ts';
import { type Client, word } from './client.ts';

export interface MemberRow {
  readonly listener: string;
  readonly key: string;
  readonly effectiveWeight: number;
  readonly observedWeight?: number;
  readonly reason: string;
  readonly sinceMs?: number;
}

export interface MemberView {
  readonly key: string;
  readonly pool: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly backup: boolean;
  readonly health: 'unknown' | 'up' | 'down';
  readonly sinceMs?: number;
  readonly lastError?: string;
  readonly override?: Override;
  readonly answers?: AnswerTimes;
  readonly listeners: readonly MemberRow[];
}

export interface MemberTarget {
  readonly pool: string;
  readonly member: string;
}

/** The first slash parts them: a pool's name has none, a member's may. */
export function toTarget(text: string): MemberTarget {
  const at = text.indexOf('/');
  if (at > 0 && at < text.length - 1) return { pool: text.slice(0, at), member: text.slice(at + 1) };
  throw new InputError('USAGE', `Cannot read "${text}" as a member: it must be POOL/MEMBER`, {
    hint: '"lbctl show members" lists them',
  });
}

export function overridePath({ pool, member }: MemberTarget): string {
  return `/v1/pools/${word(pool)}/members/${word(member)}/override`;
}

export interface OverrideWish {
  readonly state: Override['state'];
  readonly for?: string | undefined;
  readonly why?: string | undefined;
}

export async function setOverride(
  client: Client,
  target: MemberTarget,
  wish: OverrideWish,
): Promise<Override> {
  const { override } = await client.call<{ override: Override }>('PUT', overridePath(target), { body: wish });
  return override;
}
