// An entry of the audit log: a write of the API, with who made it, what came of it, and its place in the chain of hashes.

export interface AuditRecord {
  readonly atMs: number;
  readonly who: string;
  readonly action: string;
  readonly target: string;
  /** Of HTTP. */
  readonly status: number;
  readonly requestId: string;
  /** What was asked, and how it was before and after; without secrets. */
  readonly change?: unknown;
}

export interface AuditEntry extends AuditRecord {
  readonly number: number;
  readonly hash: string;
}

export interface AuditQuery {
  readonly limit: number;
  /** Entries after this number, oldest first; without it the last ones. */
  readonly after?: number | undefined;
  readonly who?: string | undefined;
  readonly action?: string | undefined;
}

export interface AuditVerdict {
  readonly ok: boolean;
  readonly entries: number;
  /** The last entry: kept elsewhere, its number and hash show a log that was cut or written anew. */
  readonly head: Pick<AuditEntry, 'number' | 'hash'>;
  /** Entries before it went as the log was full. */
  readonly first: number;
  readonly fault?: { readonly number: number; readonly why: string };
}
