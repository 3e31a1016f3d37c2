// The client of the demo: a steady stream of requests, each on a connection of its own. A line of input asks for what
// came since the last one; the answer is a line of JSON.
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';

export interface LoadReport {
  readonly ok: number;
  readonly failed: number;
  /** Requests by the name of the server that answered. */
  readonly byServer: Readonly<Record<string, number>>;
  /** Longest time without a good answer. */
  readonly longestGapMs: number;
  /** When the last failure was, on the wall clock; 0 for none. */
  readonly lastFailedMs: number;
}

/** Whatever takes longer has failed in the eyes of a person; short, so that a gap shows as what it is. */
const TIMEOUT_MS = 1000;

const [url = '', perSecond = '200'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: false });
let byServer: Record<string, number> = {};
let failed = 0;
let lastFailedMs = 0;
let lastGoodAt = performance.now();
let longestGapMs = 0;

function ask(): void {
  const request = get(url, { agent, timeout: TIMEOUT_MS }, (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    response.on('end', () => {
      byServer[text] = (byServer[text] ?? 0) + 1;
      longestGapMs = Math.max(longestGapMs, performance.now() - lastGoodAt);
      lastGoodAt = performance.now();
    });
    response.on('error', () => {});
  });
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.on('error', () => {
    failed++;
    lastFailedMs = Date.now();
  });
}

setInterval(ask, 1000 / Number(perSecond));
createInterface(process.stdin).on('line', () => {
  const gap = Math.max(longestGapMs, performance.now() - lastGoodAt);
  const ok = Object.values(byServer).reduce((sum, count) => sum + count, 0);
  const report: LoadReport = { ok, failed, byServer, longestGapMs: Math.round(gap), lastFailedMs };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  byServer = {};
  failed = 0;
  longestGapMs = 0;
});
process.stdin.on('end', () => process.exit(0));
