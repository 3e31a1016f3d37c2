// Where each decoded object stands, as of the load that is under way: noted on the object, as it stays at its place from load to load.
import { Note } from '../../lib/note.ts';
import type { Origin } from '../report.ts';

const ORIGINS = new Note<object, Origin>();

export function setOrigin(object: object, origin: Origin): void {
  if (ORIGINS.get(object) !== origin) ORIGINS.set(object, origin);
}

export function originOf(object: object): Origin | undefined {
  return ORIGINS.get(object);
}
