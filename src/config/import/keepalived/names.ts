// Names of our objects, made from what the file already calls things.

const ALLOWED = /[^A-Za-z0-9_.:@-]+/g;
const LONGEST = 64;

/** Ports people know by a name. */
const SERVICES: ReadonlyMap<number, string> = new Map([
  [21, 'ftp'],
  [22, 'ssh'],
  [25, 'smtp'],
  [53, 'dns'],
  [80, 'http'],
  [110, 'pop3'],
  [123, 'ntp'],
  [143, 'imap'],
  [389, 'ldap'],
  [443, 'https'],
  [465, 'smtps'],
  [514, 'syslog'],
  [587, 'submission'],
  [636, 'ldaps'],
  [993, 'imaps'],
  [995, 'pop3s'],
  [1812, 'radius'],
  [2811, 'gridftp'],
  [3306, 'mysql'],
  [3389, 'rdp'],
  [5060, 'sip'],
  [5432, 'postgres'],
  [6379, 'redis'],
  [6443, 'kubernetes'],
]);

export function cleanName(text: string): string {
  const cleaned = text.replace(ALLOWED, '-').replace(/^[^A-Za-z0-9_]+/, '');
  return cleaned.slice(0, LONGEST).replace(/[-.:@]+$/, '');
}

export function serviceName(protocol: string, port: number): string {
  return SERVICES.get(port) ?? `${protocol}-${port}`;
}

/** One kind of object: no name twice. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #numbers = new Map<string, number>();

  /** The first candidate that is free, else the last one with a number. */
  take(...candidates: readonly string[]): string {
    const clean = candidates.map(cleanName).filter((name) => name !== '');
    for (const name of clean) if (this.#claim(name)) return name;
    const base = (clean[clean.length - 1] ?? 'unnamed').slice(0, LONGEST - 7);
    for (let number = this.#numbers.get(base) ?? 2; ; number++) {
      this.#numbers.set(base, number + 1);
      if (this.#claim(`${base}-${number}`)) return `${base}-${number}`;
    }
  }

  #claim(name: string): boolean {
    if (this.#taken.has(name)) return false;
    this.#taken.add(name);
    return true;
  }
}
