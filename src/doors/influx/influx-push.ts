// Pushes what Prometheus would scrape to InfluxDB (its v2 write API), at an interval. A server that is away costs points alone.
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { errorText } from '../../lib/error-text.ts';
import { withoutLogin } from '../../lib/url-login.ts';
import type { InfluxSettings } from '../../model/settings.ts';
import { lineBatches } from './line-protocol.ts';

export interface InfluxPush {
  /** Since it was opened. */
  readonly counts: { readonly pushed: number; readonly failed: number };
  /** Of the last push; undefined where it arrived. */
  readonly fault: string | undefined;
  close(): Promise<void>;
}

export interface InfluxOptions {
  /** The bytes of one scrape. */
  readonly read: () => Promise<readonly Buffer[]>;
  readonly nowMs: () => number;
  /** Told when it begins to fail, and when it works again. */
  readonly onState: (state: { readonly ok: true } | { readonly ok: false; readonly why: string }) => void;
}

/** What InfluxDB advises for one request. */
const LINES = 5000;
const ANSWER_MS = 10_000;
const MOST_ANSWER = 500;

export function openInflux(settings: InfluxSettings, options: InfluxOptions): InfluxPush {
  const stop = new AbortController();
  const counts = { pushed: 0, failed: 0 };
  let isOk: boolean | undefined;
  let fault: string | undefined;
  const round = async (): Promise<void> => {
    try {
      await push(settings, options, stop.signal);
      counts.pushed++;
      fault = undefined;
      if (isOk !== true) options.onState({ ok: true });
      isOk = true;
    } catch (error) {
      if (stop.signal.aborted) return;
      counts.failed++;
      fault = errorText(error);
      if (isOk !== false) options.onState({ ok: false, why: fault });
      isOk = false;
    }
  };
  const running = (async () => {
    while (!stop.signal.aborted) {
      const began = performance.now();
      await round();
      const restMs = Math.max(0, settings.pushIntervalMs - (performance.now() - began));
      await sleep(restMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
  })();
  return {
    counts,
    get fault() {
      return fault;
    },
    async close() {
      stop.abort();
      await running;
    },
  };
}

async function push(
  settings: InfluxSettings,
  { read, nowMs }: InfluxOptions,
  signal: AbortSignal,
): Promise<void> {
  const { url, org, bucket, token } = settings;
  // Who asks is told by the token alone.
  const { url: target } = withoutLogin(`${url.replace(/\/+$/, '')}/api/v2/write`);
  target.search = new URLSearchParams({ org, bucket, precision: 'ns' }).toString();
  const text = Buffer.concat(await read()).toString('utf8');
  // Batch after batch: each waits for its answer, and checks run meanwhile.
  for (const lines of lineBatches(text, nowMs(), LINES)) {
    const body = await promisify(gzip)(lines.join('\n'));
    const answer = await fetch(target, {
      method: 'POST',
      // A redirect could carry the token elsewhere.
      redirect: 'error',
      headers: {
        authorization: `Token ${token.reveal()}`,
        'content-type': 'text/plain; charset=utf-8',
        'content-encoding': 'gzip',
      },
      body: new Uint8Array(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    const text = await answer.text();
    if (!answer.ok)
      throw new Error(
        `HTTP status ${answer.status}: ${text.slice(0, MOST_ANSWER).replaceAll(token.reveal(), '[redacted]')}`,
      );
  }
}
