// The client of a lab: a steady stream of requests, each on a connection of its own. A line of input asks for what came
// since the last one; the answer is a line of JSON.
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';

export interface LoadReport {
  readonly ok: number;
  readonly failed: number;
  /** Requests by the name of the server that answered. */
  readonly byServer: Readonly<Record<string, number>>;
  /** Longest time without a good answer. */
  readonly longestGapMs: number;
  /** When failed requests were sent and given up, on the wall clock; the first FAILURES_TOLD of them. */
  readonly failures: readonly Failure[];
  /** How much later than planned the client itself sent a request, at worst: a busy machine, not the site. */
  readonly clientLateMs: number;
}

export interface Failure {
  readonly sentMs: number;
  readonly endedMs: number;
  readonly why: string;
}

/** Whatever takes longer has failed in the eyes of a person; short, so that a gap shows as what it is. */
export const REQUEST_MS = 1000;
const FAILURES_TOLD = 2000;

export function runLoad(url: string, perSecond: number, limitMs = REQUEST_MS): void {
  const agent = new Agent({ keepAlive: false });
  const everyMs = 1000 / perSecond;
  let byServer: Record<string, number> = {};
  let failed = 0;
  let failures: Failure[] = [];
  let lastGoodAt = performance.now();
  let lastSentAt = performance.now();
  let longestGapMs = 0;
  let clientLateMs = 0;

  const ask = (): void => {
    const sentMs = Date.now();
    clientLateMs = Math.max(clientLateMs, performance.now() - lastSentAt - everyMs);
    lastSentAt = performance.now();
    const request = get(url, { agent, timeout: limitMs }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => {
        if (response.statusCode !== 200) return fail(`HTTP ${response.statusCode}`);
        byServer[text] = (byServer[text] ?? 0) + 1;
        longestGapMs = Math.max(longestGapMs, performance.now() - lastGoodAt);
        lastGoodAt = performance.now();
      });
      response.on('error', (error) => fail(error.message));
    });
    // "timeout" only hears of silence: a slow trickle of bytes would never end.
    const limit = setTimeout(() => request.destroy(new Error('timeout')), limitMs);
    request.on('close', () => clearTimeout(limit));
    let told = false;
    const fail = (why: string): void => {
      if (told) return;
      told = true;
      failed++;
      if (failures.length < FAILURES_TOLD) failures.push({ sentMs, endedMs: Date.now(), why });
    };
    request.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
  };

  setInterval(ask, everyMs);
  createInterface(process.stdin).on('line', () => {
    const gap = Math.max(longestGapMs, performance.now() - lastGoodAt);
    const ok = Object.values(byServer).reduce((sum, count) => sum + count, 0);
    const report: LoadReport = {
      ok,
      failed,
      byServer,
      longestGapMs: Math.round(gap),
      failures,
      clientLateMs: Math.round(clientLateMs),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    byServer = {};
    failed = 0;
    failures = [];
    longestGapMs = 0;
    clientLateMs = 0;
  });
  process.stdin.on('end', () => process.exit(0));
}
