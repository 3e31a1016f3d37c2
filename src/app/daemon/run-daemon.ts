// From the command to a process that serves until it is told to stop: lock, start, doors, signals, supervisor.
import type { DaemonCommand } from '../../cli/toolbox.ts';
import { SdNotify } from '../../kernel/sd-notify.ts';
import { BugError } from '../../model/errors.ts';
import type { Intent } from '../../model/intent.ts';
import type { Machine } from '../machine.ts';
import type { ClaimSignals } from '../signals.ts';
import { followLoad } from '../small-heap.ts';
import type { ConfigSource } from './config/config-source.ts';
import { Daemon } from './daemon.ts';
import { openDoors } from './doors.ts';
import { lockInstance } from './single-instance.ts';

export interface RunDaemonOptions extends DaemonCommand {
  readonly version: string;
  readonly source: ConfigSource;
  readonly openMachine: (intent: Intent) => Machine;
  readonly claimSignals: ClaimSignals;
  readonly write: (line: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Resolves when the daemon has stopped as asked. Throws what keeps it from starting. */
export async function runDaemon(options: RunDaemonOptions): Promise<void> {
  const { intent } = options;
  const unlock = lockInstance(intent.system);
  const systemd = new SdNotify(options.env);
  const { version, source, openMachine, write, engine } = options;
  const daemon = new Daemon({
    version,
    source,
    intent,
    openMachine,
    write,
    ...(engine === undefined ? {} : { engine }),
  });
  const { logger } = daemon.log;
  const stopped = untilStopped(options.claimSignals, () => void reload(daemon, systemd));
  logger.info({ version, node: intent.node.name, pid: process.pid }, 'starting');

  // Open before the first round, so that who asks is told that it is not ready yet.
  let doors: Awaited<ReturnType<typeof openDoors>> | undefined;
  let beat: NodeJS.Timeout | undefined;
  let stopFollowing: (() => void) | undefined;
  try {
    doors = await openDoors(daemon, intent, daemon.access, daemon.log);
    await daemon.start();
    const status = daemon.status();
    if (status === undefined) throw new BugError('Cannot say what the first round did');
    stopFollowing = followLoad();
    beat = startWatchdog(daemon, systemd, options.env);
    systemd.tell({ READY: '1', STATUS: `${status.listeners.length} listeners, ${status.condition}` });
    logger.info({ listeners: status.listeners.length, condition: status.condition }, 'ready');

    const signal = await stopped;
    systemd.tell({ STOPPING: '1', STATUS: `stopping on ${signal}; traffic goes on` });
    logger.info({ signal }, 'stopping; traffic goes on');
  } finally {
    // Also where it could not start: threads and timers of a daemon that serves nobody would keep the process alive.
    clearInterval(beat);
    stopFollowing?.();
    await doors?.close();
    await daemon.stop();
    systemd.close();
    await daemon.log.close();
    unlock();
  }
}

function untilStopped(claim: ClaimSignals, onReload: () => void): Promise<string> {
  return new Promise((resolve) => {
    claim((signal) => {
      if (signal === 'SIGHUP') onReload();
      else resolve(signal);
    });
  });
}

/** sd_notify(3): RELOADING with the monotonic time, READY when done, whatever came of it. */
async function reload(daemon: Daemon, systemd: SdNotify): Promise<void> {
  const microseconds = process.hrtime.bigint() / 1000n;
  systemd.tell({ RELOADING: '1', MONOTONIC_USEC: `${microseconds}` });
  const { ok, hash } = await daemon.config
    .reload({ author: 'signal', reason: 'SIGHUP' })
    .catch((error: unknown) => {
      daemon.log.logger.error({ error: String(error) }, 'not reloaded');
      return { ok: false, hash: undefined };
    });
  systemd.tell({
    READY: '1',
    STATUS: ok ? `configuration ${hash?.slice(0, 12)}` : 'a new configuration was refused',
  });
}

/**
 * At half the period systemd asks for, and only while rounds go on: a loop that hangs is a daemon that hangs. Where rounds are
 * seldom (`daemon.reconcile_interval`) one is asked for.
 */
function startWatchdog(
  daemon: Daemon,
  systemd: SdNotify,
  env: RunDaemonOptions['env'],
): NodeJS.Timeout | undefined {
  const periodMs = Number(env.WATCHDOG_USEC ?? 0) / 1000;
  if (!(periodMs > 0)) return undefined;
  let last = -1;
  let asked = false;
  return setInterval(() => {
    const number = daemon.round()?.number ?? 0;
    if (number !== last) systemd.tell({ WATCHDOG: '1' });
    else if (!asked) {
      asked = true;
      void daemon.look().then(() => {
        asked = false;
        systemd.tell({ WATCHDOG: '1' });
      });
    }
    last = number;
  }, periodMs / 2);
}
