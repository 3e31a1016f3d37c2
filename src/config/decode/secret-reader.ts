// Turns references to secrets into Secret values by the port the caller gives, and says what is wrong with them.
import { Secret } from '../../lib/secret.ts';
import type { Environment } from '../expand.ts';
import type { Origin, Report } from '../report.ts';
import type { SecretRef } from '../schema/secret.ts';

export type SecretReading =
  | {
      readonly ok: true;
      readonly text: string /** Octal permissions, where group or world may read. */;
      readonly openMode?: string;
    }
  | { readonly ok: false; readonly why: string };

/** Reads the file of a secret. The only thing of decoding that touches the outside, hence a port. */
export type ReadSecret = (path: string) => SecretReading;

export class SecretReader {
  readonly #env: Environment;
  readonly #read: ReadSecret | undefined;
  readonly #report: Report;
  readonly #files = new Map<string, SecretReading>();
  /** All that were decoded, in order, for the hash. */
  readonly seen: Secret[] = [];

  constructor(env: Environment, read: ReadSecret | undefined, report: Report) {
    this.#env = env;
    this.#read = read;
    this.#report = report;
  }

  /** Undefined where it cannot be had (reported) or is empty (`default: ""` means none). */
  resolve(ref: SecretRef | undefined, origin: Origin): Secret | undefined {
    if (ref === undefined) return undefined;
    const secret = this.#secretOf(ref, origin);
    if (secret !== undefined) this.seen.push(secret);
    return secret;
  }

  #secretOf(ref: SecretRef, origin: Origin): Secret | undefined {
    if (ref.kind === 'inline') {
      this.#report.add('plain-secret', origin, 'A secret stands in the file as plain text', {
        hint: 'Write { file: PATH } or { env: NAME }',
        secret: true,
      });
      return ref.value === '' ? undefined : new Secret(ref.value, 'inline');
    }
    if (ref.kind === 'env') {
      const value = this.#env[ref.name] ?? ref.default;
      if (value === undefined)
        this.#report.add('missing-variable', origin, `The environment variable "${ref.name}" is not set`, {
          secret: true,
        });
      return value === undefined || value === '' ? undefined : new Secret(value, `env:${ref.name}`);
    }
    return this.#fromFile(ref.path, origin);
  }

  #fromFile(path: string, origin: Origin): Secret | undefined {
    // Without a port (the editor, a dry check on another machine) the file is taken as present.
    if (this.#read === undefined) return new Secret('', `file:${path}`);
    const reading = this.#files.get(path) ?? this.#read(path);
    this.#files.set(path, reading);
    if (!reading.ok) {
      this.#report.add('secret-unreadable', origin, `Cannot read the secret file "${path}": ${reading.why}`);
      return undefined;
    }
    if (reading.openMode !== undefined)
      this.#report.add(
        'secret-open',
        origin,
        `Others may read the secret file "${path}": its mode is ${reading.openMode}`,
        {
          hint: `chmod 600 ${path}`,
        },
      );
    const text = reading.text.replace(/\r?\n$/, '');
    if (text === '') {
      this.#report.add('secret-unreadable', origin, `The secret file "${path}" is empty`);
      return undefined;
    }
    return new Secret(text, `file:${path}`);
  }
}
