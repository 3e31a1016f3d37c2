// The shell between two lines: its mode, what is staged, and what a line does. The daemon is asked and told through a port.
import { InputError } from '../../model/errors.ts';
import { applyServiceLine, SERVICE_WORDS, type Spec } from './service-words.ts';

export interface ShellPort {
  /** Any command of lbctl, with what it prints. */
  run(words: readonly string[]): Promise<void>;
  /** The spec of a listener as it is written; undefined where there is none. */
  readService(name: string): Promise<Spec | undefined>;
  services(): Promise<readonly string[]>;
  vips(): Promise<readonly string[]>;
  /** All or none. Returns the revision, or for a dry run what would be done, as text. */
  write(objects: readonly Spec[], gone: readonly string[], dryRun: boolean): Promise<string>;
  print(text: string): void;
  toYaml(value: unknown): Promise<string>;
}

export const ROOT_WORDS: Readonly<Record<string, string>> = {
  configure: 'change services: staged, then committed at once',
  show: 'show services, members, stats, ... ("show" alone: status)',
  doctor: 'find what is wrong',
  reload: 'read the files again',
  'lock status': 'who changes the configuration now',
  'lock break': 'end the lock of somebody else',
  help: 'this; any command of lbctl works too',
  exit: 'leave',
};
export const CONFIG_WORDS: Readonly<Record<string, string>> = {
  service: 'NAME: make or change a service',
  delete: 'NAME: take a service away',
  show: 'what is staged',
  plan: 'what a commit would do',
  commit: 'do it, all or nothing',
  abort: 'forget it',
  exit: 'back; refused while something is staged',
};

type Mode = 'root' | 'config' | 'service';

interface Staged {
  /** As it was when it was first touched: a commit sees whether somebody else changed it since. */
  readonly before: Spec | undefined;
  /** Undefined takes it away. */
  readonly after: Spec | undefined;
}

export class ShellSession {
  readonly #port: ShellPort;
  readonly #staged = new Map<string, Staged>();
  #mode: Mode = 'root';
  #service = '';

  constructor(port: ShellPort) {
    this.#port = port;
  }

  /** Whoever leaves says what is to become of it. */
  requireNoneStaged(): void {
    if (this.#staged.size === 0) return;
    const names = [...this.#staged.keys()].map((name) => `"${name}"`).join(', ');
    throw new InputError('CONFLICT', `Cannot leave as changes are staged: current value is ${names}`, {
      hint: 'Say "commit" or "abort"',
    });
  }

  get prompt(): string {
    if (this.#mode === 'root') return 'lbctl> ';
    return this.#mode === 'config' ? 'lbctl(config)> ' : `lbctl(config-svc ${this.#service})> `;
  }

  /** What may stand first, and what it does. */
  get words(): Readonly<Record<string, string>> {
    if (this.#mode === 'root') return ROOT_WORDS;
    return this.#mode === 'config'
      ? CONFIG_WORDS
      : {
          ...SERVICE_WORDS,
          show: 'the service as staged',
          exit: 'back',
          commit: 'do it, all or nothing',
          abort: 'forget all that is staged',
        };
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** True ends the shell. */
  async line(text: string): Promise<boolean> {
    const words = text
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '');
    const [verb] = words;
    if (verb === undefined || verb.startsWith('#')) return false;
    if (verb === 'help' || verb === '?') {
      const all = Object.entries(this.words);
      const widest = Math.max(...all.map(([word]) => word.length));
      this.#port.print(all.map(([word, what]) => `  ${word.padEnd(widest)}  ${what}\n`).join(''));
      return false;
    }
    if (this.#mode === 'root') return this.#root(words);
    if (this.#mode === 'config') await this.#config(words);
    else await this.#inService(words);
    return false;
  }

  async #root(words: readonly string[]): Promise<boolean> {
    const [verb, second] = words;
    if (verb === 'exit' || verb === 'quit') return true;
    if (verb === 'configure') this.#mode = 'config';
    else if (verb === 'lock')
      this.#port.print(
        second === 'break'
          ? 'there is no lock to break\n'
          : 'there is no lock: a commit is all or nothing, and refused where somebody else changed the same service meanwhile\n',
      );
    else await this.#port.run(verb === 'show' && second === undefined ? ['status'] : words);
    return false;
  }

  async #config([verb, name, ...more]: readonly string[]): Promise<void> {
    switch (verb) {
      case 'service':
        await this.#touch(this.#nameOf(name, more), async (before) => before ?? (await this.#fresh(name!)));
        [this.#mode, this.#service] = ['service', name!];
        return;
      case 'delete':
        await this.#touch(this.#nameOf(name, more), async (before) => {
          if (before !== undefined) return undefined;
          throw new InputError('NOT_FOUND', `Cannot find service "${name}"`, {
            hint: '"show" in the root lists them',
          });
        });
        return;
      case 'show':
        return this.#show();
      case 'plan':
        this.#port.print(await this.#write(true));
        return;
      case 'commit':
        return this.#commit();
      case 'abort':
        return this.#abort();
      case 'exit':
        this.requireNoneStaged();
        this.#mode = 'root';
        return;
      default:
        throw new InputError('USAGE', `Cannot do "${verb}" here`, { hint: 'See "help"' });
    }
  }

  async #inService(words: readonly string[]): Promise<void> {
    const [verb] = words;
    const staged = this.#staged.get(this.#service);
    if (verb === 'exit') this.#mode = 'config';
    else if (verb === 'show') this.#port.print(await this.#port.toYaml(staged?.after));
    else if (verb === 'commit') await this.#commit();
    else if (verb === 'abort') this.#abort();
    else
      this.#staged.set(this.#service, {
        before: staged?.before,
        after: applyServiceLine(staged?.after ?? {}, words),
      });
  }

  #nameOf(name: string | undefined, more: readonly string[]): string {
    if (name !== undefined && more.length === 0 && /^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,63}$/.test(name))
      return name;
    throw new InputError('USAGE', 'Cannot read the name of the service', {
      hint: 'Letters, digits and _ . : @ -, at most 64',
    });
  }

  async #touch(name: string, make: (before: Spec | undefined) => Promise<Spec | undefined>): Promise<void> {
    const staged = this.#staged.get(name);
    const before = staged === undefined ? await this.#port.readService(name) : staged.before;
    const known = staged === undefined ? before : staged.after;
    this.#staged.set(name, { before, after: await make(known) });
  }

  /** With one VIP there is nothing to choose. */
  async #fresh(name: string): Promise<Spec> {
    const vips = await this.#port.vips();
    return { name, protocol: 'tcp', ...(vips.length === 1 ? { vip: vips[0] } : {}), members: [] };
  }

  async #show(): Promise<void> {
    if (this.#staged.size === 0) this.#port.print('nothing is staged\n');
    for (const [name, { before, after }] of this.#staged) {
      const what = after === undefined ? 'delete' : before === undefined ? 'add' : 'change';
      this.#port.print(`${what} ${name}\n`);
      if (after !== undefined)
        this.#port.print((await this.#port.toYaml(after)).replaceAll(/^/gm, '  ').trimEnd().concat('\n'));
    }
  }

  async #write(dryRun: boolean): Promise<string> {
    const all = [...this.#staged];
    if (all.length === 0) throw new InputError('USAGE', 'Cannot commit as nothing is staged');
    for (const [name, { before }] of all) {
      const now = await this.#port.readService(name);
      if (JSON.stringify(now) !== JSON.stringify(before))
        throw new InputError(
          'CONFLICT',
          `Cannot commit as somebody else changed service "${name}" meanwhile`,
          {
            hint: 'Say "abort", look, and change it again',
          },
        );
    }
    const objects = all.flatMap(([, { after }]) => (after === undefined ? [] : [after]));
    const gone = all.flatMap(([name, { before, after }]) =>
      after === undefined && before !== undefined ? [name] : [],
    );
    return this.#port.write(objects, gone, dryRun);
  }

  async #commit(): Promise<void> {
    this.#port.print(await this.#write(false));
    this.#staged.clear();
    this.#mode = 'root';
  }

  #abort(): void {
    this.#port.print(
      this.#staged.size === 0
        ? 'nothing was staged\n'
        : `${this.#staged.size} staged services are forgotten\n`,
    );
    this.#staged.clear();
    this.#mode = 'root';
  }
}
