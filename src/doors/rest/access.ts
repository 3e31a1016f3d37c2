// What the door needs of who keeps tokens and the audit; app gives it the ones on disk.
import type { ApiToken, NewToken } from '../../model/api-token.ts';
import type { AuditEntry, AuditQuery, AuditRecord, AuditVerdict } from '../../model/audit.ts';
import type { ProjectQuota, Quota } from '../../model/project.ts';

export interface TokenBook {
  create(wanted: NewToken, by: string): { readonly token: string; readonly info: ApiToken };
  list(): readonly ApiToken[];
  revoke(id: string): ApiToken;
  authenticate(presented: string): ApiToken | 'unknown' | 'expired' | 'revoked';
  /** Whether the token of this id still lets anybody in. */
  holds(id: string): boolean;
}

export interface QuotaBook {
  of(project: string): Quota | undefined;
  list(): readonly ProjectQuota[];
  set(project: string, quota: Quota | undefined): void;
}

export interface AuditBook {
  append(record: AuditRecord): AuditEntry;
  list(query: AuditQuery): readonly AuditEntry[];
  verify(): Promise<AuditVerdict>;
  /** Entries that the disk did not take yet. */
  readonly waiting: number;
}

/** The TCP door: where it is, until when its certificate is good, what keeps it from being as configured. */
export interface TcpState {
  readonly wanted: boolean;
  readonly address?: string;
  readonly certificateUntilMs?: number;
  readonly trouble?: string;
}

export interface Access {
  readonly tokens: TokenBook;
  readonly audit: AuditBook;
  readonly quotas: QuotaBook;
}
