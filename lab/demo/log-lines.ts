// The log of a daemon as the demo reads it: lines of JSON, waited for by their message.
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LogLine {
  readonly msg: string;
  readonly time: string;
  readonly [field: string]: unknown;
}

const WAIT_MS = 15_000;
const LOOK_MS = 5;

export class LogLines {
  readonly #lines: LogLine[] = [];
  #seen = 0;
  #errors = '';

  follow(child: ChildProcess): void {
    let rest = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#lines.push(JSON.parse(part) as LogLine);
    });
    child.stderr!.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
  }

  /** What was said until now is of no interest. */
  skip(): void {
    this.#seen = this.#lines.length;
  }

  /** The next line of this message (and these fields), after the last one that was waited for. */
  async next(msg: string, fields: Readonly<Record<string, unknown>> = {}): Promise<LogLine> {
    const end = performance.now() + WAIT_MS;
    while (performance.now() < end) {
      const at = this.#lines.findIndex((line, i) => i >= this.#seen && line.msg === msg && has(line, fields));
      if (at !== -1) {
        this.#seen = at + 1;
        return this.#lines[at]!;
      }
      await sleep(LOOK_MS);
    }
    const last = this.#lines.slice(-5).map((line) => JSON.stringify(line));
    throw new Error(
      `Cannot find "${msg}" in the daemon's log; it ends with\n${last.join('\n')}\n${this.#errors}`,
    );
  }
}

function has(line: LogLine, fields: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(fields).every(([name, value]) => line[name] === value);
}
