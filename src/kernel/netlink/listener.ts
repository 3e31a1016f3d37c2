// Hears the kernel's multicast groups from a Worker that sits in a blocking receive (p50 0.12 ms to the main thread).
// An event only says "look again": it carries the message type, and who hears it reads the table anew.
import { Worker } from 'node:worker_threads';
import { OpError } from '../../model/errors.ts';

export interface NetlinkEvent {
  /** RTM_NEWADDR and such; 0 says that events were lost (ENOBUFS), so anything may have changed. */
  readonly type: number;
  /** Interface it is about; 0 where that is not known. */
  readonly linkIndex: number;
}

export interface ListenerOptions {
  readonly protocol: number;
  readonly groups: readonly number[];
  /** Events that follow one that was told within this are not told: a router's table is a million of them. */
  readonly quietMs?: number;
  readonly onEvent: (event: NetlinkEvent) => void;
  /** The Worker has ended by itself: nothing is heard any more. */
  readonly onError: (error: Error) => void;
}

export interface NetlinkListener {
  close(): Promise<void>;
}

/** What the Worker says of itself, beside events. */
export interface Notice {
  readonly kind: 'ready' | 'failed';
  readonly message?: string;
}

/** On a machine that is busy with something else a Worker needs a second to start; one that needs ten is stuck. */
const START_LIMIT_MS = 10_000;
const CLOSE_LIMIT_MS = 2000;
const WORKER = new URL('./listener-worker.ts', import.meta.url);

/** Resolves once the groups are joined, so that no change after it is missed. */
export async function listen(
  options: ListenerOptions,
  script: URL = WORKER,
  startLimitMs = START_LIMIT_MS,
): Promise<NetlinkListener> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(script, {
    workerData: { protocol: options.protocol, groups: options.groups, quietMs: options.quietMs ?? 0, stop },
  });
  worker.unref();
  let isClosing = false;
  let cause: Error | undefined;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.on('error', (error) => {
    cause = error instanceof Error ? error : new Error(String(error));
  });
  const ready = new Promise<'ready'>((resolve) => {
    worker.on('message', (said: NetlinkEvent | Notice) => {
      if (!('kind' in said)) options.onEvent(said);
      else if (said.kind === 'ready') resolve('ready');
      else cause = refusal(said.message);
    });
  });

  const outcome = await inTime(Promise.race([ready, ended]), startLimitMs);
  if (outcome !== 'ready') {
    if (outcome === 'late') await worker.terminate();
    throw cause ?? refusal(`Cannot listen to netlink as its thread did not start in ${startLimitMs} ms`);
  }
  void ended.then(() => {
    if (!isClosing) options.onError(cause ?? refusal('Cannot listen to netlink as its thread ended'));
  });
  return {
    async close() {
      isClosing = true;
      worker.removeAllListeners('message');
      Atomics.store(stop, 0, 1);
      worker.ref();
      if ((await inTime(ended, CLOSE_LIMIT_MS)) === 'late') await worker.terminate();
    },
  };
}

function refusal(message = 'Cannot listen to netlink'): OpError {
  return new OpError('DRIVER_FAILED', message, { op: 'bind' });
}

/** Its timer keeps the process alive meanwhile, as a Worker that is not waited for does not. */
async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T | 'late'> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(resolve, limitMs, 'late');
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
