// An alert as a POST of JSON, signed so that the receiver can tell it is ours.
import { createHmac } from 'node:crypto';
import { trustSystem } from '../../kernel/system-trust.ts';
import type { NotificationSettings } from '../../model/settings.ts';
import type { Alert } from './alert.ts';

type Webhook = NotificationSettings['webhooks'][number];

/** `sha256=` and the HMAC of `timestamp.body`; the timestamp stands in its own header, against replays. */
export function signature(secret: string, timestamp: number, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

/** Throws when the receiver does not answer with 2xx in time. */
export async function postWebhook(
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
  trustSystem();
  const response = await fetch(webhook.url, {
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
