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
  readonly onEvent: (event: NetlinkEvent) => void;
  /** The Worker died: nothing is heard any more. */
  readonly onError: (error: Error) => void;
}

export interface NetlinkListener {
  close(): Promise<void>;
}

interface Start {
  readonly kind: 'ready' | 'failed';
  readonly message?: string;
}

/** Resolves once the groups are joined, so that no change after it is missed. */
export async function listen(options: ListenerOptions): Promise<NetlinkListener> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./listener-worker.ts', import.meta.url), {
    workerData: { protocol: options.protocol, groups: options.groups, stop },
  });
  worker.unref();
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (start: Start) => {
      worker.off('error', reject);
      if (start.kind === 'ready') resolve();
      else reject(new OpError('DRIVER_FAILED', start.message ?? 'Cannot listen to netlink', { op: 'bind' }));
    });
  });
  worker.on('message', options.onEvent);
  worker.on('error', options.onError);
  return {
    async close() {
      worker.off('message', options.onEvent);
      Atomics.store(stop, 0, 1);
      await new Promise<void>((resolve) => {
        worker.once('exit', () => resolve());
        worker.ref();
      });
    },
  };
}
