// Lines for programs that used to read keepalived's FIFOs: the same words, in the same order.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, statSync, writeSync } from 'node:fs';
import type { EngineEvent } from '../../engine/events.ts';
import type { World, WorldListener } from '../../model/world.ts';
import { crossesFamilies } from '../../plan/expand-listener.ts';
import { toAlert } from './alert.ts';

const ROLE_WORDS = { active: 'MASTER', standby: 'BACKUP', fault: 'FAULT' } as const;

/** `VS [192.0.2.10]:tcp:80 UP`, `RS [10.0.0.1]:tcp:80 [192.0.2.10]:tcp:80 DOWN`: one for each listener concerned. */
export function lvsLines(event: EngineEvent, world: World): readonly string[] {
  if (event.kind === 'quorum-changed') {
    return listenersOf(event.pool, world)
      .filter((listener) => isAbout(event, listener))
      .map((listener) => `VS ${service(listener)} ${event.held ? 'UP' : 'DOWN'}`);
  }
  if (event.kind !== 'member-changed') return [];
  const alert = toAlert(event);
  if (alert === undefined) return [];
  return listenersOf(event.pool, world).flatMap((listener) => {
    const member = listener.members.find((one) => one.name === event.member);
    if (member === undefined) return [];
    const real = `[${member.address}]:${listener.transport}:${member.port}`;
    return [`RS ${real} ${service(listener)} ${alert.fields.state === 'up' ? 'UP' : 'DOWN'}`];
  });
}

/** `INSTANCE "pair" MASTER 150` */
export function vrrpLines(event: EngineEvent, priorityOf: (group: string) => number): readonly string[] {
  if (event.kind !== 'role-changed') return [];
  return [`INSTANCE "${event.group}" ${ROLE_WORDS[event.to]} ${priorityOf(event.group)}`];
}

/** In a pool of both families a listener has the quorum of the members it can reach. */
function isAbout(
  { members }: Extract<EngineEvent, { kind: 'quorum-changed' }>,
  listener: WorldListener,
): boolean {
  if (members === undefined) return true;
  return crossesFamilies(listener.mode) ? members === 'both' : members === `ipv${listener.family}`;
}

function listenersOf(pool: string, world: World): readonly WorldListener[] {
  return world.listeners.filter((listener) => listener.pool === pool);
}

function service(listener: WorldListener): string {
  return listener.mark === undefined
    ? `[${listener.address}]:${listener.transport}:${listener.portFrom}`
    : `FWM ${listener.mark}`;
}

/** Made where it is missing. Written without waiting: with no reader, or a slow one, the line is lost and we say so. */
export function writeFifo(path: string, lines: readonly string[]): boolean {
  if (lines.length === 0) return true;
  makeFifo(path);
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    // ENXIO: nobody reads.
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return false;
    throw error;
  }
  try {
    const text = `${lines.join('\n')}\n`;
    return writeSync(fd, text) === Buffer.byteLength(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
    throw error;
  } finally {
    closeSync(fd);
  }
}

function makeFifo(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) execFileSync('mkfifo', ['-m', '0600', path]);
  else if (!found.isFIFO()) throw new Error(`Cannot write to "${path}" as it is no FIFO`);
}
