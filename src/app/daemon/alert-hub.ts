// Keeps the alerts of the settings in force: a reload that leaves them as they are interrupts nothing. Beside them run the
// programs that pools name for their quorum.
import type { EngineEvent } from '../../engine/events.ts';
import { Alerts } from '../../health/alerts/alerts.ts';
import { QuorumScripts } from '../../health/alerts/quorum-scripts.ts';
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
    this.#alerts = new Alerts({
      node: intent.node.name,
      settings: intent.notifications,
      stateDir: intent.system.stateDir,
      clock: systemClock,
      random: Math.random,
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
    await Promise.all([...this.#closing, this.#quorumScripts?.close()]);
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
