// Runs `lbctl top`: the alternate screen, keys as they come, a page every second; the terminal is given back whatever happens.
import type { Command } from 'commander';
import { InputError, LbError } from '../../model/errors.ts';
import { memberItemKey, memberKey } from '../../model/keys.ts';
import { membersOf, type Status } from '../../model/status.ts';
import { paint } from '../../plan/paint.ts';
import { type Client, listAll } from '../client.ts';
import { findDaemon } from '../find-daemon.ts';
import type { Stats } from '../member-connections.ts';
import { type MemberView, setOverride, toTarget } from '../member-target.ts';
import { ratesBetween } from '../rates.ts';
import type { Session } from '../session.ts';
import { lineOf } from '../tell-events.ts';
import { renderTop, type TopInput, topRows } from './render-top.ts';
import { follow, keysOf, press, TOP_START, type TopState } from './top-state.ts';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const EVERY_MS = 1000;

export async function runTop(session: Session, command: Command): Promise<void> {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY)
    throw new InputError('USAGE', 'Cannot show "top" as this is no terminal', {
      hint: 'Use "lbctl status --watch" in a pipe',
    });
  const client = await findDaemon(session, command);
  const look = looker(client);
  let input = await look();
  let state = TOP_START;
  /** Why what is shown is not of now. */
  let trouble: string | undefined;
  const members = (): readonly string[] => topRows(input, state, false).flatMap((row) => row.member ?? []);
  const change = (act: () => void): void => {
    const before = members();
    act();
    state = follow(state, before, members());
  };
  const colour = session.colour(command);
  const draw = (): void => {
    const size = { rows: stdout.rows ?? 24, columns: stdout.columns ?? 80, colour };
    const shown = trouble === undefined ? state : { ...state, message: trouble };
    const page = renderTop(input, shown, size).replaceAll('\r\n', `${CLEAR_LINE}\r\n`);
    stdout.write(`${HOME}${page}${CLEAR_LINE}`);
  };
  stdin.setRawMode(true);
  stdout.write(ENTER);
  try {
    await new Promise<void>((resolve, reject) => {
      let isLooking = false;
      // A daemon that starts anew, or is slow, is waited for: whoever watches it wants to see it come back.
      const lookAgain = async (): Promise<void> => {
        if (isLooking) return;
        isLooking = true;
        try {
          const seen = await look();
          change(() => {
            input = seen;
          });
          trouble = undefined;
        } catch (error) {
          if (!(error instanceof LbError)) throw error;
          trouble = error.message;
        } finally {
          isLooking = false;
        }
        draw();
      };
      const timer = setInterval(() => void lookAgain().catch(reject), EVERY_MS);
      const onKey = (key: string): void => {
        const pressed = press(state, key, members());
        if (pressed.state.row !== state.row) state = pressed.state;
        else
          change(() => {
            state = pressed.state;
          });
        if (pressed.action.kind === 'quit') resolve();
        if (pressed.action.kind === 'drain')
          void drain(client, pressed.action.member).then((message) => {
            state = { ...state, message } satisfies TopState;
            draw();
          });
      };
      const onTyped = (chunk: Buffer): void => {
        for (const key of keysOf(chunk.toString('utf8'))) onKey(key);
        draw();
      };
      const end = (): void => {
        clearInterval(timer);
        stdin.off('data', onTyped);
        stdout.off('resize', draw);
      };
      stdin.on('data', onTyped);
      stdout.on('resize', draw);
      process.once('SIGTERM', resolve);
      stdin.once('end', resolve);
      stdin.once('close', end);
      draw();
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stdin.destroy();
    stdout.write(LEAVE);
  }
}

async function drain(client: Client, member: string): Promise<string> {
  try {
    await setOverride(client, toTarget(member), { state: 'drain', why: 'lbctl top' });
    return `${member} drains; "lbctl member reset ${member}" brings it back`;
  } catch (error) {
    return (error as Error).message;
  }
}

function looker(client: Client): () => Promise<TopInput> {
  let before: Stats | undefined;
  return async () => {
    const [status, stats, pools, told] = await Promise.all([
      client.get<Status>('/v1/status'),
      client.get<Stats>('/v1/stats'),
      listAll<MemberView>(client, '/v1/members'),
      client.get<{ items: { event: { kind: string; atMs: number } }[] }>('/v1/events', { last: 3 }),
    ]);
    const rates = ratesBetween(before ?? stats, stats);
    before = stats;
    const ink = paint(false);
    return {
      status,
      rates,
      members: namesOf(status, pools),
      events: told.items.map(({ event }) => lineOf(event, 'table', ink).trimEnd()),
    };
  };
}

function namesOf(status: Status, members: readonly MemberView[]): Map<string, string> {
  const byRules = new Map(status.listeners.map(({ key, rulePools = [] }) => [key, rulePools]));
  const own = new Map<string, string>();
  for (const { name, pool, listeners } of members)
    for (const { key } of listeners)
      if (byRules.get(key)?.every((one) => one.pool !== pool) === true) own.set(`${key} ${name}`, pool);
  return new Map(
    status.listeners.flatMap((listener) =>
      membersOf(listener).flatMap((container) =>
        container.members.flatMap((member) => {
          const pool = container.pool ?? own.get(`${listener.key} ${member.name}`);
          return pool === undefined
            ? []
            : [[memberItemKey(container.key, member.key), memberKey(pool, member.name)] as const];
        }),
      ),
    ),
  );
}
