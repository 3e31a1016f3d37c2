// file: a number in a file decides, as keepalived's track_file does: 0 or more is up, below is down.
import { readFile } from 'node:fs/promises';
import { type Checker, failed, PASSED, pathReason } from './checker.ts';

export const checkFile: Checker<'file'> = async (check, _target, signal) => {
  let text: string;
  try {
    text = await readFile(check.path, { encoding: 'utf8', signal });
  } catch (error) {
    if (signal.aborted) return failed(`Timed out reading ${check.path}`);
    return failed(`Cannot read ${check.path}: ${pathReason((error as NodeJS.ErrnoException).code)}`);
  }
  const match = /^\s*(-?\d{1,9})\s*$/.exec(text.slice(0, 64));
  if (match === null) return failed(`${check.path} holds no number`);
  const value = Number(match[1]);
  if (value < 0) return failed(`${check.path} says ${value}`);
  return check.dynamicWeight ? { ok: true, weight: Math.min(value, 65535) } : PASSED;
};
