// Hears whoever wants a demo or a soak to end: a signal, or a reader that went away ("| head", a terminal that was closed).

/** May be called more than once. */
export function whenAskedToEnd(end: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  // Nobody sees the rest, and unheard it ends this process before it has cleaned up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', end);
}
