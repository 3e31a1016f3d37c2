// Keeps the alerts of the settings in force: a reload that leaves them as they are interrupts nothing. Beside them run the
// programs that pools name for their quorum.
import { join } from 'node:path';
import type { EngineEvent } from '../../engine/events.ts';
import { Alerts } from '../../health/alerts/alerts.ts';
import { MailQueue } from '../../health/alerts/mail-queue.ts';
import { QuorumScripts } from '../../health/alerts/quorum-scripts.ts';
import { sendMail } from '../../health/alerts/smtp-client.ts';
import { systemClock } from '../../lib/clock.ts';
import { Secret } from '../../lib/secret.ts';
import { stableJson } from '../../lib/stable-json.ts';
import type { Intent } from '../../model/intent.ts';
import type { World } from '../../model/world.ts';

export interface AlertHubOptions {
  readonly world: () => World | undefined;
  readonly lastErrorOf: (pool: string, member: string) => string | undefined;
  readonly onFault: (channel: string, message: string) => void;
}

const NO_WORLD: World = { addresses: [], listeners: [], certificates: [], unplaced: [] };

export class AlertHub {
  readonly #options: AlertHubOptions;
  #intent: Intent | undefined;
  #alerts: Alerts | undefined;
  #quorumScripts: QuorumScripts | undefined;
  /** One for as long as the daemon runs, whatever the settings become. */
  #mails: MailQueue | undefined;
  readonly #closing = new Set<Promise<void>>();

  constructor(options: AlertHubOptions) {
    this.#options = options;
  }

  setIntent(intent: Intent): void {
    const before = this.#intent;
    this.#intent = intent;
    this.#quorumScripts ??= new QuorumScripts({ onFault: this.#options.onFault });
    this.#quorumScripts.setIntent(intent);
    if (before !== undefined && settingsKey(before) === settingsKey(intent)) return;
    this.#retire();
    if (intent.notifications.mail === undefined) this.#mails?.pause();
    else if (this.#mails === undefined) this.#mails = this.#openMails(intent);
    else this.#mails.resume();
    this.#alerts = new Alerts({
      node: intent.node.name,
      settings: intent.notifications,
      mails: this.#mails,
      clock: systemClock,
      world: () => this.#options.world() ?? NO_WORLD,
      priorityOf: (group) => this.#intent?.ha?.groups.find(({ name }) => name === group)?.priority ?? 0,
      lastErrorOf: this.#options.lastErrorOf,
      onFault: this.#options.onFault,
    });
  }

  emit(event: EngineEvent): void {
    this.#quorumScripts?.emit(event);
    this.#alerts?.emit(event);
  }

  async close(): Promise<void> {
    this.#retire();
    await Promise.all([...this.#closing, this.#quorumScripts?.close(), this.#mails?.close()]);
  }

  #openMails({ system }: Intent): MailQueue {
    const { onFault } = this.#options;
    return new MailQueue({
      folder: join(system.stateDir, 'mail'),
      clock: systemClock,
      random: Math.random,
      send: async (one) => {
        const { mail } = this.#intent!.notifications;
        // Taken out of the settings while others were sent: it waits.
        if (mail === undefined) throw new Error('there is no mail server in the configuration');
        return sendMail(mail, one, this.#intent!.node.name);
      },
      onLost: (one, why) => onFault('mail', `Mail "${one.subject}" to ${one.to.join(', ')} is lost: ${why}`),
      onTrouble: (why) => onFault('mail', why),
    });
  }

  #retire(): void {
    const old = this.#alerts;
    this.#alerts = undefined;
    if (old === undefined) return;
    const closing = old.close();
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}

/** A Secret prints as `[redacted]`, so a changed one is told by its value; the key stays in memory. */
function settingsKey(intent: Intent): string {
  const { notifications, node, system } = intent;
  const secrets = [notifications.mail?.password, ...notifications.webhooks.map((hook) => hook.secret)];
  const values = secrets.map((secret) => (secret instanceof Secret ? secret.reveal() : ''));
  return stableJson([notifications, node.name, system.stateDir, values]);
}
