// Waits for what must become true in a lab, and says what it waited for when it does not.

export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  withinMs = 10_000,
  everyMs = 20,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`Cannot go on: ${what} did not come within ${withinMs} ms`);
    await new Promise<void>((resolve) => setTimeout(resolve, everyMs));
  }
}
