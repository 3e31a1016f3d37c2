// How many connections the open files of this machine allow: HAProxy refuses to start with more.
import { readFileSync } from 'node:fs';
import { readCapabilities } from '../../kernel/system/capabilities.ts';

/** Listeners, sockets, pipes and what HAProxy keeps for itself. */
const RESERVED = 0.1;

/** A connection through a proxy is two open files. */
export function connectionsAllowed(limits: string, status: string, nrOpen: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  // Who has it may raise the hard limit up to fs.nr_open.
  const mayRaise = readCapabilities(status).includes('sys_resource');
  const files = mayRaise || hard === 'unlimited' ? Number(nrOpen) : Number(hard);
  return Number.isFinite(files) ? Math.floor((files * (1 - RESERVED)) / 2) : Number.POSITIVE_INFINITY;
}

export function connectionsAllowedHere(): number {
  const [limits, status, nrOpen] = ['/proc/self/limits', '/proc/self/status', '/proc/sys/fs/nr_open'].map(
    (path) => readFileSync(path, 'utf8'),
  );
  return connectionsAllowed(limits!, status!, nrOpen!);
}
