// The daemon's log: one line per change of state, for people, machines or the journal.
import pino, { type Logger } from 'pino';
import type { LogLine } from '../../doors/gelf/gelf-message.ts';
import { openGelf } from '../../doors/gelf/gelf-sender.ts';
import type { EngineEvent } from '../../engine/events.ts';
import type { LoggingSettings, LogLevel } from '../../model/settings.ts';

/** sd-daemon(3): the journal reads the priority from the start of the line. */
const JOURNAL_PRIORITY: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3, fatal: 2 };

export interface Log {
  readonly logger: Logger;
  /** Lines that did not reach Graylog; undefined where none is asked for. */
  readonly gelfDropped: number | undefined;
  readonly level: LogLevel;
  setLevel(level: LogLevel): void;
  /** Of a configuration loaded anew; the level set at run time stays until the configuration names another one than before. */
  setSettings(settings: LoggingSettings, node: string): void;
  close(): Promise<void>;
}

export function openLog(first: LoggingSettings, firstNode: string, write: (line: string) => void): Log {
  let [settings, node] = [first, firstNode];
  let gelf = settings.gelf === undefined ? undefined : openGelf(settings.gelf, node);
  let level = first.level;
  const closing = new Set<Promise<void>>();
  const out = (line: string): void => {
    if (settings.console) write(settings.format === 'json' ? line : toText(line, settings.format));
    gelf?.send(JSON.parse(line) as LogLine);
  };
  // Nobody listens: lines are not even made.
  const levelOf = ({ console, gelf: sink, level }: LoggingSettings): string =>
    console || sink !== undefined ? level : 'silent';
  const logger = pino(
    {
      level: levelOf(settings),
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: out },
  );
  return {
    logger,
    get gelfDropped() {
      return gelf?.dropped;
    },
    get level() {
      return level;
    },
    setLevel(wanted) {
      level = wanted;
      logger.level = levelOf({ ...settings, level });
    },
    setSettings(wanted, name) {
      if (JSON.stringify([wanted.gelf, name]) !== JSON.stringify([settings.gelf, node])) {
        const old = gelf?.close();
        if (old !== undefined) closing.add(old.finally(() => closing.delete(old)));
        gelf = wanted.gelf === undefined ? undefined : openGelf(wanted.gelf, name);
      }
      // Each write of the API loads the configuration anew.
      if (wanted.level !== settings.level) level = wanted.level;
      settings = wanted;
      node = name;
      logger.level = levelOf({ ...settings, level });
    },
    async close() {
      await Promise.all([...closing, gelf?.close()]);
    },
  };
}

/** `2026-11-20T12:00:00.000Z INFO  member changed  pool=web member=web1`; the journal stamps its own time. */
function toText(line: string, format: 'text' | 'journald'): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as {
    level: string;
    time: string;
    msg?: string;
  } & Record<string, unknown>;
  const data = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? quoted(value) : JSON.stringify(value)}`,
  );
  const text = [msg ?? '', ...data].join('  ');
  if (format === 'journald') return `<${JOURNAL_PRIORITY[level] ?? 6}>${text}\n`;
  return `${time} ${level.toUpperCase().padEnd(5)} ${text}\n`;
}

function quoted(value: string): string {
  return /^[\w./:@%+-]+$/.test(value) ? value : JSON.stringify(value);
}

const LEVELS: Readonly<Record<EngineEvent['kind'], LogLevel>> = {
  'config-loaded': 'info',
  'config-refused': 'error',
  'member-changed': 'info',
  'quorum-changed': 'warn',
  'role-changed': 'warn',
  'split-brain': 'error',
  'ha-trouble': 'error',
  'listener-unplaced': 'warn',
  'listener-placed': 'info',
  'guard-held': 'error',
  'conflict-found': 'error',
  'drift-repaired': 'warn',
  'certificates-renewed': 'info',
  'files-renewed': 'info',
  'steps-failed': 'error',
  'driver-failed': 'error',
  'round-failed': 'error',
};

/** A static message with the data beside it, so that lines of one kind group. */
export function logEvent(logger: Logger, event: EngineEvent): void {
  const { kind, atMs: _atMs, ...data } = event;
  logger[LEVELS[kind]](data, kind.replaceAll('-', ' '));
}
