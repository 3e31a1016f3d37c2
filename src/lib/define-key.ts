// Sets a key that a person chose: assigning `__proto__` would set the prototype instead of making a key.
export function defineKey(target: object, key: string | number, value: unknown): void {
  if (key !== '__proto__') (target as Record<string | number, unknown>)[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
