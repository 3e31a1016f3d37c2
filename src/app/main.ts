// lbctl: starts the command line and is the only place that ends the process.
import { runCli } from '../cli/run-cli.ts';
import { listenForSignals } from './signals.ts';
import { keepHeapSmall } from './small-heap.ts';
import { createToolbox } from './wiring.ts';

// What starts us sets them for us alone, not for programs that we start.
for (const name of ['NODE_COMPILE_CACHE', 'MALLOC_ARENA_MAX']) delete process.env[name];
keepHeapSmall(process.argv.slice(2));

const signals = listenForSignals();

// A reader that has seen enough (`lbctl plan | head -1`) is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

const code = await runCli(process.argv.slice(2), createToolbox(signals.claim));
// Not process.exit: what is still on its way to a pipe must arrive.
process.exitCode = signals.endedBy() ?? code;
