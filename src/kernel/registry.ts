// Which kernel objects are ours. IPVS rows carry no owner, so what we make is written down first: a claim without a row is
// harmless, a row without a claim would be a stranger's. Bound to this boot and network namespace, as the rows are.
import type { Journal } from './journal.ts';

const HEADER = 'lbctl registry 1';

/** `known`: we were here. `fresh`: another boot or namespace, so every row is a stranger's. `lost`: no record at all. */
export type RegistryState = 'known' | 'fresh' | 'lost';

export class Registry {
  readonly #journal: Journal;
  readonly #identity: string;
  /** Item key to what the driver notes beside it (`mark 0x4c000001`), or empty. Address keys hold spaces, notes follow a tab. */
  #claims = new Map<string, string>();
  /** Kernel settings we changed, to what they were before. */
  #settings = new Map<string, string>();
  #state: RegistryState = 'lost';
  #loaded = false;
  #revision = 0;
  #stamp = '';
  #appended = 0;
  #compact = true;

  constructor(journal: Journal, identity: string) {
    this.#journal = journal;
    this.#identity = identity;
  }

  get state(): RegistryState {
    this.#load();
    return this.#state;
  }

  /** Another number whenever claims, settings or state may be others. */
  get revision(): number {
    this.#load();
    return this.#revision;
  }

  get claims(): ReadonlyMap<string, string> {
    this.#load();
    return this.#claims;
  }

  get settings(): ReadonlyMap<string, string> {
    this.#load();
    return this.#settings;
  }

  /** Reads the record again if another process (`lbctl apply` beside a daemon) has written it. */
  reload(): void {
    if (this.#loaded && this.#journal.stamp() !== this.#stamp) this.#loaded = false;
  }

  /** Before the objects are made. */
  claim(claims: ReadonlyMap<string, string>): void {
    this.#load();
    const fresh = [...claims].filter(([key, note]) => this.#claims.get(key) !== note);
    for (const [key, note] of fresh) this.#claims.set(key, note);
    this.#write(fresh.map(([key, note]) => claimLine(key, note)));
  }

  /** After the objects are gone. */
  release(keys: readonly string[]): void {
    this.#load();
    this.#write(keys.filter((key) => this.#claims.delete(key)).map((key) => `- ${key}`));
  }

  claimSetting(name: string, before: string): void {
    this.#load();
    if (this.#settings.has(name)) return;
    this.#settings.set(name, before);
    this.#write([`set ${name}\t${before}`]);
  }

  releaseSetting(name: string): void {
    this.#load();
    if (this.#settings.delete(name)) this.#write([`unset ${name}`]);
  }

  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    this.#revision++;
    this.#claims = new Map();
    this.#settings = new Map();
    this.#compact = true;
    // Taken first: what is written while we read is read again next time.
    this.#stamp = this.#journal.stamp();
    const lines = this.#journal.read();
    const header = lines?.[0];
    if (lines === undefined || header === undefined || !header.startsWith(HEADER)) {
      this.#state = 'lost';
      return;
    }
    if (header !== `${HEADER} ${this.#identity}`) {
      this.#state = 'fresh';
      return;
    }
    this.#state = 'known';
    for (const line of lines.slice(1)) this.#apply(line);
  }

  #apply(line: string): void {
    const [head = '', value = ''] = line.split('\t');
    const space = head.indexOf(' ');
    const word = head.slice(0, space);
    const key = head.slice(space + 1);
    if (word === '+') this.#claims.set(key, value);
    else if (word === '-') this.#claims.delete(key);
    else if (word === 'set') this.#settings.set(key, value);
    else if (word === 'unset') this.#settings.delete(key);
  }

  /** The first write of a process, and one now and then, replaces the file: it drops what is over and a torn last line. */
  #write(lines: readonly string[]): void {
    if (lines.length === 0 && this.#state === 'known') return;
    this.#revision++;
    this.#appended += lines.length;
    if (!this.#compact && this.#appended < 1000 + this.#claims.size) {
      this.#journal.append(lines);
      this.#stamp = this.#journal.stamp();
      return;
    }
    this.#journal.rewrite([
      `${HEADER} ${this.#identity}`,
      ...[...this.#claims].map(([key, note]) => claimLine(key, note)),
      ...[...this.#settings].map(([name, before]) => `set ${name}\t${before}`),
    ]);
    this.#stamp = this.#journal.stamp();
    this.#state = 'known';
    this.#appended = 0;
    this.#compact = false;
  }
}

function claimLine(key: string, note: string): string {
  return note === '' ? `+ ${key}` : `+ ${key}\t${note}`;
}
