// Who hears a signal: the command that claims them, or the rule for commands that do not.

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';
export type SignalHandler = (signal: Signal) => void;
/** `always`: however often it is asked, as a program that has the terminal decides what a Ctrl-C means. */
export type ClaimSignals = (handler: SignalHandler, always?: 'always') => void;

/** How long a command may tidy up after the first signal. */
const GRACE_MS = 1000;
/** By the shells' habit a process ended by signal N answers 128 + N. */
const CODES: Readonly<Record<Signal, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

export interface Signals {
  readonly claim: ClaimSignals;
  /** Exit code of the signal that ended an ordinary command. */
  endedBy(): number | undefined;
}

export function listenForSignals(): Signals {
  let claimed: SignalHandler | undefined;
  let patient = false;
  let ended: { readonly by: Signal; readonly cut: NodeJS.Timeout } | undefined;
  let asked = false;
  const onSignal = (signal: Signal): void => {
    if (claimed !== undefined) {
      // Whoever asks twice to stop means it.
      if (signal !== 'SIGHUP' && asked && !patient) process.exit(CODES[signal]);
      if (signal !== 'SIGHUP') asked = true;
      claimed(signal);
      return;
    }
    if (ended !== undefined) process.exit(CODES[signal]);
    ended = { by: signal, cut: setTimeout(() => process.exit(CODES[signal]), GRACE_MS).unref() };
  };
  for (const signal of Object.keys(CODES) as Signal[]) process.on(signal, () => onSignal(signal));
  return {
    claim(handler, always) {
      claimed = handler;
      patient = always !== undefined;
      if (ended === undefined) return;
      // It came while the command was still loading: it is the command's as well, and the first of its kind.
      const { by, cut } = ended;
      ended = undefined;
      clearTimeout(cut);
      onSignal(by);
    },
    endedBy: () => (ended === undefined ? undefined : CODES[ended.by]),
  };
}
