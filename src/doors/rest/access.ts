// What the door needs of who keeps tokens and the audit; app gives it the ones on disk.
import type { ApiToken, NewToken } from '../../model/api-token.ts';
import type { ProjectQuota, Quota } from '../../model/project.ts';

export interface TokenBook {
  create(wanted: NewToken, by: string): { readonly token: string; readonly info: ApiToken };
  list(): readonly ApiToken[];
  revoke(id: string): ApiToken;
  authenticate(presented: string): ApiToken | 'unknown' | 'expired' | 'revoked';
}

export interface QuotaBook {
  of(project: string): Quota | undefined;
  list(): readonly ProjectQuota[];
  set(project: string, quota: Quota | undefined): void;
}

export interface AuditLine {
  readonly number: number;
  readonly hash: string;
  readonly atMs: number;
  readonly who: string;
  readonly action: string;
  readonly target: string;
  readonly status: number;
  readonly requestId: string;
  readonly change?: unknown;
}

export interface AuditBook {
  append(line: Omit<AuditLine, 'number' | 'hash'>): AuditLine;
  list(query: {
    readonly limit: number;
    readonly after?: number | undefined;
    readonly who?: string | undefined;
    readonly action?: string | undefined;
  }): readonly AuditLine[];
  verify(): Promise<{
    readonly ok: boolean;
    readonly entries: number;
    readonly first: number;
    readonly head: { readonly number: number; readonly hash: string };
    readonly fault?: { readonly number: number; readonly why: string };
  }>;
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
