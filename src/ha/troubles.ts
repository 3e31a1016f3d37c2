// What does not work on this node, by what was tried: told once when it begins, and gone from the status when it works again.

export class Troubles {
  readonly #known = new Map<string, string>();
  readonly #onTrouble: (what: string, detail: string) => void;

  constructor(onTrouble: (what: string, detail: string) => void) {
    this.#onTrouble = onTrouble;
  }

  get list(): readonly string[] {
    return [...this.#known.values()];
  }

  tell(what: string, detail: string): void {
    const text = `${what}: ${detail}`;
    // What is tried again every second fails every second.
    if (this.#known.get(what) === text) return;
    this.#known.set(what, text);
    this.#onTrouble(what, detail);
  }

  /** Over as soon as it was told. */
  note(what: string, detail: string): void {
    this.#onTrouble(what, detail);
  }

  clear(what: string): void {
    this.#known.delete(what);
  }

  /** What the machine refuses is told and tried again by whoever comes next. */
  guard(what: string, act: () => void): void {
    try {
      act();
      this.clear(what);
    } catch (error) {
      this.tell(what, toText(error));
    }
  }
}

export function toText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
