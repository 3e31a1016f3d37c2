// A bearer token of the API as it may be told: everything but the token itself.
import type { ApiRole } from './settings.ts';

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
