// An alert as a POST of JSON, signed so that the receiver can tell it is ours.
import { createHmac } from 'node:crypto';
import { trustSystem } from '../../kernel/system-trust.ts';
import type { Clock } from '../../lib/clock.ts';
import { withoutLogin } from '../../lib/url-login.ts';
import type { NotificationSettings } from '../../model/settings.ts';
import type { Alert } from './alert.ts';

type Webhook = NotificationSettings['webhooks'][number];

/** `sha256=` and the HMAC of `timestamp.body`; the timestamp stands in its own header, against replays. */
export function signature(secret: string, timestamp: number, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

/** A receiver that is being restarted takes it the second or third time; after that it is news of yesterday. */
const AGAIN_MS = [2000, 10_000];

export interface WebhookPost {
  readonly webhook: Webhook;
  readonly node: string;
  readonly alerts: readonly Alert[];
  readonly clock: Clock;
  /** The daemon ends, or the settings are others: one last try, and no waiting. */
  readonly stop: AbortSignal;
}

/** Throws where the receiver took it at no try. It may come twice, where its answer was lost. */
export async function deliverWebhook({ webhook, node, alerts, clock, stop }: WebhookPost): Promise<void> {
  for (const waitMs of [...AGAIN_MS, undefined]) {
    try {
      return await postWebhook(webhook, node, alerts, clock.nowMs());
    } catch (error) {
      if (waitMs === undefined || stop.aborted) throw error;
      await pause(waitMs, clock, stop);
    }
  }
}

function pause(ms: number, clock: Clock, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      stop.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    stop.addEventListener('abort', end);
  });
}

/** Throws when the receiver does not answer with 2xx in time. */
async function postWebhook(
  webhook: Webhook,
  node: string,
  alerts: readonly Alert[],
  nowMs: number,
): Promise<void> {
  const body = JSON.stringify({ node, alerts });
  const timestamp = Math.floor(nowMs / 1000);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'user-agent': 'steelyard',
    'x-lbctl-timestamp': `${timestamp}`,
  };
  if (webhook.secret !== undefined)
    headers['x-lbctl-signature'] = signature(webhook.secret.reveal(), timestamp, body);
  const { url, authorization } = withoutLogin(webhook.url);
  if (authorization !== undefined) headers.authorization = authorization;
  trustSystem();
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body,
    // A redirect would send the signature to somebody else.
    redirect: 'error',
    signal: AbortSignal.timeout(webhook.timeoutMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The webhook answered ${response.status}`);
}
