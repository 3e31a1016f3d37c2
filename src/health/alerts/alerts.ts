// Where alerts go: mail, webhooks, scripts and FIFOs, each at its own pace, none able to hold up another.
import type { EngineEvent } from '../../engine/events.ts';
import { runProgram } from '../../kernel/process.ts';
import type { Clock } from '../../lib/clock.ts';
import { errorText } from '../../lib/error-text.ts';
import type { NotificationSettings } from '../../model/settings.ts';
import type { World } from '../../model/world.ts';
import { type Alert, toAlert } from './alert.ts';
import { AlertBatch } from './batch.ts';
import { lvsLines, vrrpLines, writeFifo } from './fifo.ts';
import { newMailId } from './mail-message.ts';
import type { MailQueue } from './mail-queue.ts';
import { deliverWebhook } from './webhook.ts';

/** Alerts of one failing rack arrive within a moment of each other; a person wants one mail. */
const GATHER_MS = 1000;
const SUBJECT_LIMIT = 120;

type Webhook = NotificationSettings['webhooks'][number];

export interface AlertsOptions {
  readonly node: string;
  readonly settings: NotificationSettings;
  /** Outlives these settings. */
  readonly mails?: Pick<MailQueue, 'add'> | undefined;
  readonly clock: Clock;
  readonly world: () => World;
  readonly priorityOf: (group: string) => number;
  readonly lastErrorOf: (pool: string, member: string) => string | undefined;
  /** An alert that could not be delivered; told, never thrown. */
  readonly onFault: (channel: string, message: string) => void;
}

export class Alerts {
  readonly #options: AlertsOptions;
  readonly #batches: readonly AlertBatch[];
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(options: AlertsOptions) {
    this.#options = options;
    const { settings, clock } = options;
    const batch = (send: (alerts: readonly Alert[], dropped: number) => void): AlertBatch =>
      new AlertBatch({ clock, gatherMs: GATHER_MS, perMinute: settings.perMinute, send });
    this.#batches = [
      ...(settings.mail === undefined ? [] : [batch((alerts, dropped) => this.#mail(alerts, dropped))]),
      ...settings.webhooks.map((hook) =>
        batch((alerts) => this.#track(channelOf(hook), this.#post(hook, alerts))),
      ),
      ...settings.scripts.map((script) =>
        batch((alerts) => this.#track(script.command[0] ?? '', this.#run(script, alerts))),
      ),
    ];
  }

  /** An EventSink's emit: neither throws nor waits. */
  emit(event: EngineEvent): void {
    this.#writeFifos(event);
    const lastError =
      event.kind === 'member-changed' ? this.#options.lastErrorOf(event.pool, event.member) : undefined;
    const alert = toAlert(event, lastError);
    if (alert === undefined || !this.#options.settings.events.includes(alert.event)) return;
    for (const batch of this.#batches) batch.add(alert);
  }

  /** What waits is sent, mails by their queue. */
  async close(): Promise<void> {
    for (const batch of this.#batches) batch.flush();
    this.#stop.abort();
    await Promise.allSettled(this.#running);
  }

  #mail(alerts: readonly Alert[], dropped: number): void {
    const { settings, node, clock } = this.#options;
    if (settings.mail === undefined) return;
    const { from, to } = settings.mail;
    const first = alerts[0]!.subject;
    const more = alerts.length + dropped - 1;
    const subject = `[${settings.routerId ?? node}] ${first.slice(0, SUBJECT_LIMIT)}${more > 0 ? ` and ${more} more` : ''}`;
    const lines = alerts.map(
      (alert) => `${new Date(alert.atMs).toISOString()} ${alert.subject}\n  ${alert.text}`,
    );
    if (dropped > 0) lines.push(`... and ${dropped} more that are not listed`);
    this.#options.mails?.add({
      from,
      to,
      subject,
      text: `${lines.join('\n\n')}\n`,
      atMs: clock.nowMs(),
      id: newMailId(node),
    });
  }

  #post(webhook: Webhook, alerts: readonly Alert[]): Promise<void> {
    const { node, clock } = this.#options;
    return deliverWebhook({ webhook, node, alerts, clock, stop: this.#stop.signal });
  }

  async #run(script: NotificationSettings['scripts'][number], alerts: readonly Alert[]): Promise<void> {
    const { node } = this.#options;
    for (const alert of alerts) {
      const env = {
        LBCTL_NODE: node,
        LBCTL_EVENT: alert.event,
        LBCTL_SEVERITY: alert.severity,
        LBCTL_SUBJECT: alert.subject,
        ...Object.fromEntries(
          Object.entries(alert.fields).map(([name, value]) => [`LBCTL_${name.toUpperCase()}`, `${value}`]),
        ),
      };
      const input = `${JSON.stringify({ node, ...alert })}\n`;
      const user = script.user === undefined ? {} : { user: script.user };
      const end = await runProgram(
        script.command,
        { env, input, ...user },
        AbortSignal.timeout(script.timeoutMs),
      );
      if (end.kind !== 'exit' || end.code !== 0)
        throw new Error(`The script ended with ${JSON.stringify(end)}`);
    }
  }

  #writeFifos(event: EngineEvent): void {
    for (const { path, kind } of this.#options.settings.fifos) {
      const lines = [
        ...(kind === 'vrrp' ? [] : lvsLines(event, this.#options.world())),
        ...(kind === 'lvs' ? [] : vrrpLines(event, this.#options.priorityOf)),
      ];
      try {
        if (!writeFifo(path, lines))
          this.#options.onFault(path, `Nobody reads "${path}": ${lines.length} lines are lost`);
      } catch (error) {
        this.#options.onFault(path, (error as Error).message);
      }
    }
  }

  #track(channel: string, work: Promise<void>): void {
    const guarded = work.catch((error: Error) => this.#options.onFault(channel, errorText(error)));
    this.#running.add(guarded);
    void guarded.finally(() => this.#running.delete(guarded));
  }
}

/** The path of a webhook is often its key: logs name the receiver alone. */
function channelOf({ url }: Webhook): string {
  return URL.canParse(url) ? `webhook ${new URL(url).host}` : 'webhook';
}
