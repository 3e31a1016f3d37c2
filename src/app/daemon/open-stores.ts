// What a daemon keeps on disk: state.db and audit.db. What is broken, or takes nothing, is told, and keeps it from nothing.
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ApiTokens } from '../../cluster/api-tokens.ts';
import { AuditLog } from '../../cluster/audit-log.ts';
import type { Reopened } from '../../cluster/open-sqlite.ts';
import { Quotas } from '../../cluster/quotas.ts';
import { StateDb } from '../../cluster/state-db.ts';
import type { Intent } from '../../model/intent.ts';

export interface Stores {
  readonly state: StateDb;
  /** Tokens of the API, who wrote what, and how much each project may have. */
  readonly access: { readonly tokens: ApiTokens; readonly audit: AuditLog; readonly quotas: Quotas };
  /** The state of before is gone: objects nobody knows of any more may be in the data plane. */
  readonly stateLost: boolean;
  /** For a disk that took nothing at the start: whether all can be written now. */
  readonly reopen: () => boolean;
}

export function openStores({ system, api }: Intent, nowMs: number, logger: Pick<Logger, 'error'>): Stores {
  const state = StateDb.open(join(system.stateDir, 'state.db'), nowMs);
  if (state.setAside !== undefined)
    logger.error(
      { file: state.setAside },
      'state.db was broken and is set aside; nothing is removed until "lbctl confirm", as objects of the API may be lost',
    );
  if (state.readOnly !== undefined)
    logger.error({ error: state.readOnly }, 'state.db cannot be written: writes are refused');
  const audit = AuditLog.open(join(system.stateDir, 'audit.db'), nowMs, api.auditEntries, (error) =>
    logger.error({ error: error.message }, 'the audit log is not written; its entries wait'),
  );
  if (audit.setAside !== undefined)
    logger.error({ file: audit.setAside }, 'audit.db was broken and is set aside');
  if (audit.readOnly !== undefined)
    logger.error({ error: audit.readOnly }, 'audit.db cannot be written: its entries wait');
  const told = new Set<string>();
  const isOpen = (file: string, reopened: Reopened): boolean => {
    if (reopened === 'another' && !told.has(file)) {
      told.add(file);
      logger.error(
        { file },
        'another file than at the start can be written now: restart the daemon to take it',
      );
    }
    return reopened === 'open';
  };
  return {
    reopen: () =>
      [isOpen('state.db', state.db.reopen()), isOpen('audit.db', audit.log.reopen())].every(Boolean),
    state: state.db,
    access: {
      tokens: new ApiTokens(state.db, () => Date.now()),
      audit: audit.log,
      quotas: new Quotas(state.db),
    },
    stateLost: state.setAside !== undefined,
  };
}
