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
  #ended = false;

  follow(child: ChildProcess): void {
    let rest = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#lines.push(JSON.parse(part) as LogLine);
    });
    child.on('close', () => {
      this.#ended = true;
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
  async next(
    msg: string,
    fields: Readonly<Record<string, unknown>> = {},
    waitMs = WAIT_MS,
  ): Promise<LogLine> {
    const end = performance.now() + waitMs;
    for (;;) {
      const at = this.#lines.findIndex((line, i) => i >= this.#seen && line.msg === msg && has(line, fields));
      if (at !== -1) {
        this.#seen = at + 1;
        return this.#lines[at]!;
      }
      if (performance.now() > end || this.#ended) break;
      await sleep(LOOK_MS);
    }
    const last = this.#lines.slice(-5).map((line) => JSON.stringify(line));
    throw new Error(
      `Cannot find "${msg}" in the log of a daemon${this.#ended ? ' that ended' : ''}; it ends with\n${last.join('\n')}\n${this.#errors}`,
    );
  }
}

function has(line: LogLine, fields: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(fields).every(([name, value]) => line[name] === value);
}
