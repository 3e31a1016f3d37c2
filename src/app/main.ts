// lbctl: starts the command line and is the only place that ends the process.
import { runCli } from '../cli/run-cli.ts';
import { createToolbox } from './wiring.ts';

// The wrapper sets it for us alone, not for programs that we start.
delete process.env.NODE_COMPILE_CACHE;

/** How long a command may tidy up after the first signal. */
const GRACE_MS = 1000;
/** By the shells' habit a process ended by signal N answers 128 + N. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

let ended: number | undefined;
for (const [signal, code] of Object.entries(SIGNALS))
  process.on(signal, () => {
    // The second signal does not wait.
    if (ended !== undefined) process.exit(code);
    ended = code;
    setTimeout(() => process.exit(code), GRACE_MS).unref();
  });

// A reader that has seen enough (`lbctl plan | head -1`) is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

const code = await runCli(process.argv.slice(2), createToolbox());
// Not process.exit: what is still on its way to a pipe must arrive.
process.exitCode = ended ?? code;
