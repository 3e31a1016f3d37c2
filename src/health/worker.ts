// The thread in which checks run. It holds nothing but the runner; orders come in and changes go out as messages.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../lib/clock.ts';
import { letGoOfConnects } from './checkers/tcp.ts';
import type { JudgeState } from './judge.ts';
import { LatencyTable } from './latency-table.ts';
import { runCheck } from './run-check.ts';
import { ProbeRunner, type RunnableProbe, type RunnerStats } from './runner.ts';

export type Order =
  | { readonly kind: 'set'; readonly probes: readonly RunnableProbe[] }
  | { readonly kind: 'delete'; readonly keys: readonly string[] }
  | { readonly kind: 'hurry'; readonly keys: readonly string[] }
  | { readonly kind: 'stats'; readonly id: number }
  | { readonly kind: 'stop' };

export interface WorkerData {
  readonly times: SharedArrayBuffer;
  readonly maxRunning: number;
}

export type Report =
  | { readonly kind: 'changes'; readonly changes: readonly (readonly [key: string, state: JudgeState])[] }
  | { readonly kind: 'stats'; readonly id: number; readonly stats: RunnerStats }
  /** Nothing runs any more, and nothing is held. */
  | { readonly kind: 'stopped' };

function serve(port: MessagePort, { times, maxRunning }: WorkerData): void {
  let changes: [string, JudgeState][] = [];
  // Changes of one turn of the event loop travel together: a rack that fails is one message, and one plan.
  const tell = (key: string, state: JudgeState): void => {
    changes.push([key, state]);
    if (changes.length === 1) {
      setImmediate(() => {
        port.postMessage({ kind: 'changes', changes } satisfies Report);
        changes = [];
      });
    }
  };
  const runner = new ProbeRunner({
    clock: systemClock,
    random: Math.random,
    maxRunning,
    run: runCheck,
    onChange: tell,
    times: new LatencyTable(times),
  });
  const close = (): void => {
    runner.close();
    letGoOfConnects();
  };
  // Sockets of our own are not Node's to close, whatever ends the thread.
  process.once('exit', close);
  port.on('message', (order: Order) => {
    switch (order.kind) {
      case 'set':
        for (const probe of order.probes) runner.set(probe);
        break;
      case 'delete':
        for (const key of order.keys) runner.delete(key);
        break;
      case 'hurry':
        for (const key of order.keys) runner.hurry(key);
        break;
      case 'stats':
        port.postMessage({ kind: 'stats', id: order.id, stats: runner.stats() } satisfies Report);
        break;
      case 'stop':
        close();
        port.postMessage({ kind: 'stopped' } satisfies Report);
        port.close();
        break;
    }
  });
}

if (parentPort !== null) serve(parentPort, workerData as WorkerData);
