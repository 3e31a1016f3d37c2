// A stream of requests from a host of a lab, and what came of it since one last asked.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Host } from './netns.ts';
import { start, stop } from './process.ts';
import { type LoadReport, REQUEST_MS } from './programs/load.ts';

export class LoadClient {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    // A client that ended is told by the next report that does not come.
    child.stdin!.on('error', () => {});
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** `programs` starts the programs of a lab (run-program.ts). */
  static start(
    from: Pick<Host, 'argv'>,
    programs: readonly string[],
    url: string,
    perSecond: number,
    limitMs = REQUEST_MS,
  ): LoadClient {
    // Not the lab's own: it ends with us, as its input does, also where the lab stays.
    const argv = from.argv([...programs, 'load', url, `${perSecond}`, `${limitMs}`]);
    return new LoadClient(start(argv, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  /** What the client saw since the last call. */
  async seen(): Promise<LoadReport> {
    this.#child.stdin!.write('\n');
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('The client of the lab ended');
    return JSON.parse(value) as LoadReport;
  }

  stop(): Promise<void> {
    return stop(this.#child);
  }
}
