// A bearer token of the API as it may be told: everything but the token itself.
import type { ApiRole } from './settings.ts';

/** What is asked for when one is made. */
export interface NewToken {
  readonly name: string;
  readonly role: ApiRole;
  readonly project?: string | undefined;
  readonly expiresMs?: number | undefined;
}

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly role: ApiRole;
  readonly project?: string;
  readonly createdMs: number;
  readonly createdBy: string;
  readonly expiresMs?: number;
  readonly revokedMs?: number;
  readonly lastUsedMs?: number;
}
