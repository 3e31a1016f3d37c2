// Moves the wall clock of a program and of what it starts, by libfaketime. Timers go by the monotonic clock, which no person
// can move.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARY = 'faketime/libfaketimeMT.so.1';
const FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

/** Absent where it is not installed. */
export function fakeTimeLibrary(): string | undefined {
  return FOLDERS.map((folder) => join(folder, LIBRARY)).find((path) => existsSync(path));
}

/** `file` holds by how much the clock is off; the program looks at it once a second. */
export function fakeTime(library: string, file: string): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

export function moveClock(file: string, seconds: number): void {
  writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}\n`);
}
