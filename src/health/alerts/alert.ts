// What is worth telling a person, and in which words. Pure: an event of the engine in, an alert out.
import type { EngineEvent } from '../../engine/events.ts';
import { formatDuration } from '../../lib/duration.ts';
import { REASONS, type Reason } from '../../model/reason.ts';
import type { NotifyEvent } from '../../model/settings.ts';

export interface Alert {
  readonly event: NotifyEvent;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly atMs: number;
  /** One line: `web/10.0.0.1:80 is down`. */
  readonly subject: string;
  readonly text: string;
  /** For machines: webhooks and scripts get these by name. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** Reasons that mean a member takes new flows. */
const SERVING: ReadonlySet<Reason> = new Set([
  'InService',
  'NotChecked',
  'SlowStart',
  'BackupInUse',
  'AdminUp',
  'PanicAllUsed',
]);

/** Undefined for what is only of interest to logs and metrics. `lastError` is what the checks say of a member. */
export function toAlert(event: EngineEvent, lastError?: string): Alert | undefined {
  switch (event.kind) {
    case 'member-changed':
      return memberAlert(event, lastError);
    case 'quorum-changed':
      return {
        event: 'quorum',
        severity: event.held ? 'info' : 'critical',
        atMs: event.atMs,
        subject: `Pool ${event.pool} ${event.held ? 'has its quorum again' : 'lost its quorum'}${ofMembers(event)}`,
        text: event.held ? 'The live weight is enough again.' : 'The live weight is below the quorum.',
        fields: {
          pool: event.pool,
          held: event.held,
          ...(event.members === undefined ? {} : { members: event.members }),
        },
      };
    case 'role-changed':
      return {
        event: 'role',
        severity: event.to === 'fault' ? 'critical' : 'warning',
        atMs: event.atMs,
        subject: `Group ${event.group} is now ${event.to} (was ${event.from})`,
        text: `${event.reason}: ${event.detail}. Epoch ${event.epoch}; it was ${event.from} for ${lasted(event.lastedMs)}.`,
        fields: {
          group: event.group,
          from: event.from,
          to: event.to,
          epoch: event.epoch,
          reason: event.reason,
          detail: event.detail,
          lasted_ms: event.lastedMs,
        },
      };
    case 'split-brain':
      return {
        event: 'split-brain',
        severity: 'critical',
        atMs: event.atMs,
        subject: `Group ${event.group} is carried by another node too`,
        text: `${event.detail}.`,
        fields: { group: event.group, how: event.how, detail: event.detail },
      };
    case 'config-refused':
      return {
        event: 'reload',
        severity: 'critical',
        atMs: event.atMs,
        subject: 'A new configuration was refused; the last good one stays in force',
        text: event.error,
        fields: { error: event.error },
      };
    case 'config-loaded':
      return {
        event: 'reload',
        severity: 'info',
        atMs: event.atMs,
        subject: 'A new configuration is in force',
        text: `Its hash is ${event.hash}.`,
        fields: { hash: event.hash },
      };
    default:
      return undefined;
  }
}

/** Seconds are enough where there are many of them. */
function lasted(ms: number): string {
  return formatDuration(ms < 10_000 ? Math.round(ms) : Math.round(ms / 1000) * 1000);
}

function ofMembers({ members }: Extract<EngineEvent, { kind: 'quorum-changed' }>): string {
  return members === undefined || members === 'both' ? '' : ` of ${members} members`;
}

/** Only changes between serving and not serving: a ramp that takes a step is no news. */
function memberAlert(
  event: Extract<EngineEvent, { kind: 'member-changed' }>,
  lastError?: string,
): Alert | undefined {
  const was = SERVING.has(event.from);
  const is = SERVING.has(event.to);
  if (was === is) return undefined;
  const name = `${event.pool}/${event.member}`;
  const why = !is && lastError !== undefined ? `${REASONS[event.to]}: ${lastError}` : REASONS[event.to];
  return {
    event: 'member',
    severity: is ? 'info' : 'warning',
    atMs: event.atMs,
    subject: `${name} is ${is ? 'up' : 'down'}`,
    text: `${why}. Effective weight: ${event.effectiveWeight}.`,
    fields: {
      pool: event.pool,
      member: event.member,
      state: is ? 'up' : 'down',
      reason: event.to,
      weight: event.effectiveWeight,
      ...(lastError === undefined ? {} : { error: lastError }),
    },
  };
}
