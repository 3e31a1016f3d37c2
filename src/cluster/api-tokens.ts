// Bearer tokens of the API: 256 random bits each, kept as SHA-256, with a role, a project, an end and a way to end them early.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiToken, NewToken } from '../model/api-token.ts';
import { InputError, OpError } from '../model/errors.ts';

interface Kept extends ApiToken {
  /** SHA-256 of the secret part. A guessable secret would need a slow hash; 256 random bits do not. */
  readonly hash: string;
}

export interface TokenStore {
  recall<T>(name: string): T | undefined;
  remember(name: string, value: unknown): void;
}

const PLACE = 'api-tokens';
const MOST_TOKENS = 1000;
const FORM = /^lbt_([0-9a-f]{12})_([\w-]{43})$/;
/** Ended ones stay listed this long, so that who looks sees why a program was refused. */
const KEEP_ENDED_MS = 30 * 86_400_000;
/** When a token was last used is told to the minute; a write for each request would be most of the disk's work. */
const USED_STEP_MS = 60_000;
const NOBODY = Buffer.alloc(32);

export class ApiTokens {
  readonly #store: TokenStore;
  readonly #nowMs: () => number;
  readonly #kept: Map<string, Kept>;

  constructor(store: TokenStore, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
    this.#kept = new Map((store.recall<Kept[]>(PLACE) ?? []).map((one) => [one.id, one]));
  }

  /** The only time the token itself is told. */
  create(wanted: NewToken, by: string): { token: string; info: ApiToken } {
    this.#forgetEnded();
    if (this.#kept.size >= MOST_TOKENS)
      throw new InputError('CONFLICT', `Cannot make another token: there are ${MOST_TOKENS}`, {
        hint: 'Revoke those nobody uses: "lbctl token list" says when each was last used',
      });
    const [id, secret] = [randomBytes(6).toString('hex'), randomBytes(32).toString('base64url')];
    const { name, role, project, expiresMs } = wanted;
    const kept: Kept = {
      id,
      name,
      role,
      ...(project === undefined ? {} : { project }),
      createdMs: this.#nowMs(),
      createdBy: by,
      ...(expiresMs === undefined ? {} : { expiresMs }),
      hash: digest(secret).toString('base64url'),
    };
    this.#kept.set(id, kept);
    this.#save();
    return { token: `lbt_${id}_${secret}`, info: told(kept) };
  }

  /** Newest first, ended ones too for a while. */
  list(): readonly ApiToken[] {
    this.#forgetEnded();
    return [...this.#kept.values()].sort((a, b) => b.createdMs - a.createdMs).map(told);
  }

  revoke(id: string): ApiToken {
    const kept = this.#kept.get(id);
    if (kept === undefined)
      throw new InputError('NOT_FOUND', `Cannot find token "${id}"`, {
        hint: '"lbctl token list" names them',
      });
    const revoked = { ...kept, revokedMs: kept.revokedMs ?? this.#nowMs() };
    this.#kept.set(id, revoked);
    this.#save();
    return told(revoked);
  }

  /** Takes equally long for an unknown id and for a wrong secret. */
  authenticate(presented: string): ApiToken | 'unknown' | 'expired' | 'revoked' {
    const [, id = '', secret = ''] = FORM.exec(presented) ?? [];
    const kept = this.#kept.get(id);
    const expected = kept === undefined ? NOBODY : Buffer.from(kept.hash, 'base64url');
    if (!timingSafeEqual(digest(secret), expected) || kept === undefined) return 'unknown';
    const nowMs = this.#nowMs();
    if (kept.revokedMs !== undefined) return 'revoked';
    if (kept.expiresMs !== undefined && nowMs >= kept.expiresMs) return 'expired';
    if (Math.abs(nowMs - (kept.lastUsedMs ?? 0)) >= USED_STEP_MS) {
      this.#kept.set(id, { ...kept, lastUsedMs: nowMs });
      this.#saveUse();
    }
    return told(kept);
  }

  /** Whether what showed it a while ago may go on. */
  holds(id: string): boolean {
    const kept = this.#kept.get(id);
    return kept !== undefined && kept.revokedMs === undefined && this.#nowMs() < (kept.expiresMs ?? Infinity);
  }

  #forgetEnded(): void {
    const beforeMs = this.#nowMs() - KEEP_ENDED_MS;
    for (const { id, expiresMs, revokedMs } of [...this.#kept.values()])
      if (Math.min(expiresMs ?? Infinity, revokedMs ?? Infinity) < beforeMs) this.#kept.delete(id);
  }

  /** On a disk that takes nothing the time is forgotten at worst; reads go on. */
  #saveUse(): void {
    try {
      this.#save();
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
    }
  }

  #save(): void {
    this.#store.remember(PLACE, [...this.#kept.values()]);
  }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function told({ hash: _, ...info }: Kept): ApiToken {
  return info;
}
