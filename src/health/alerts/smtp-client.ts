// Sends one mail over SMTP (RFC 5321): TLS from the start or by STARTTLS, authentication, several recipients.
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { trustSystem } from '../../kernel/system-trust.ts';
import type { MailSettings } from '../../model/settings.ts';
import { replyCode } from '../checkers/smtp.ts';
import { addressOf, type Mail, renderMail, stuffDots } from './mail-message.ts';

/** A refusal for good (5xx): trying again would be refused again. */
export class MailRefused extends Error {}

interface Reply {
  readonly code: number;
  readonly text: string;
}

/** Whole conversation; servers under greylisting may take their time at every step. */
const CONVERSATION_TIMEOUT_MS = 120_000;
const MAX_REPLY_BYTES = 16 * 1024;

/** Resolves with the recipients that were refused while at least one was taken. Throws MailRefused, or any other error worth a retry. */
export async function sendMail(
  settings: MailSettings,
  mail: Mail,
  hostName: string,
): Promise<readonly string[]> {
  const session = new Session(await open(settings));
  try {
    return await converse(session, settings, mail, settings.helo ?? hostName);
  } finally {
    session.close();
  }
}

async function converse(
  session: Session,
  settings: MailSettings,
  mail: Mail,
  helo: string,
): Promise<readonly string[]> {
  await session.expect(220, 'greeting');
  let hello = await session.say(`EHLO ${helo}`);
  if (hello.code !== 250) hello = await session.ask(`HELO ${helo}`, 250);
  if (settings.tls === 'starttls') {
    await session.ask('STARTTLS', 220);
    await session.secure(settings.server);
    hello = await session.ask(`EHLO ${helo}`, 250);
  }
  if (settings.username !== undefined) {
    await authenticate(
      session,
      settings.username,
      settings.password?.reveal() ?? '',
      hello.text,
      settings.tls,
    );
  }
  await session.ask(`MAIL FROM:<${addressOf(mail.from)}>`, 250);
  const refused: string[] = [];
  let lastRefusal = '';
  for (const recipient of mail.to) {
    const reply = await session.say(`RCPT TO:<${addressOf(recipient)}>`);
    if (reply.code === 250 || reply.code === 251) continue;
    refused.push(recipient);
    lastRefusal = reply.text;
  }
  if (refused.length === mail.to.length) throw refusal('RCPT TO', lastRefusal);
  await session.ask('DATA', 354);
  await session.ask(`${stuffDots(renderMail(mail))}.`, 250, 'the mail');
  await session.say('QUIT').catch(() => undefined);
  return refused;
}

async function authenticate(
  session: Session,
  username: string,
  password: string,
  hello: string,
  tls: MailSettings['tls'],
): Promise<void> {
  // A password in clear on the wire is what nobody asked for, whatever the server offers.
  if (tls === 'none')
    throw new MailRefused('Cannot authenticate without TLS: set "tls" to starttls or implicit');
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
  if (/\bPLAIN\b/i.test(hello)) {
    await session.ask(`AUTH PLAIN ${base64(`\0${username}\0${password}`)}`, 235, 'AUTH PLAIN');
    return;
  }
  await session.ask('AUTH LOGIN', 334);
  await session.ask(base64(username), 334, 'the user name');
  await session.ask(base64(password), 235, 'the password');
}

class Session {
  #socket: Socket;
  #received = '';
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined;
  #ended: Error | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen(socket);
    this.#timer = setTimeout(
      () => this.#fail(new Error('The mail server took too long')),
      CONVERSATION_TIMEOUT_MS,
    );
  }

  say(line: string): Promise<Reply> {
    this.#socket.write(`${line}\r\n`);
    return this.#reply();
  }

  async ask(line: string, wanted: number, what = line.split(' ', 1)[0]!): Promise<Reply> {
    const reply = await this.say(line);
    if (reply.code !== wanted) throw refusal(what, reply.text);
    return reply;
  }

  async expect(wanted: number, what: string): Promise<void> {
    const reply = await this.#reply();
    if (reply.code !== wanted) throw refusal(what, reply.text);
  }

  async secure(server: string): Promise<void> {
    this.#socket.removeAllListeners();
    const secured = connectTls({ socket: this.#socket, ...tlsNames(server) });
    await handshake(secured);
    this.#socket = secured;
    this.#listen(secured);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.removeAllListeners();
    this.#socket.on('error', () => {});
    this.#socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      if (this.#received.length > MAX_REPLY_BYTES) this.#fail(new Error('The mail server talks without end'));
      this.#deliver();
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The mail server closed the connection')));
  }

  #reply(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      this.#waiting = { resolve, reject };
      return this.#deliver();
    });
  }

  #deliver(): void {
    const code = replyCode(this.#received);
    if (code === undefined || this.#waiting === undefined) return;
    const waiting = this.#waiting;
    const text = this.#received.trimEnd();
    this.#waiting = undefined;
    this.#received = '';
    waiting.resolve({ code, text });
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

function refusal(what: string, text: string): Error {
  const message = `The mail server refused ${what}: ${text.replace(/\s+/g, ' ').slice(0, 200)}`;
  return text.startsWith('5') ? new MailRefused(message) : new Error(message);
}

async function open(settings: MailSettings): Promise<Socket> {
  const { server: host, port, connectTimeoutMs } = settings;
  const socket =
    settings.tls === 'implicit' ? connectTls({ host, port, ...tlsNames(host) }) : connect({ host, port });
  const timer = setTimeout(
    () => socket.destroy(new Error('The mail server does not answer')),
    connectTimeoutMs,
  );
  try {
    await (settings.tls === 'implicit' ? handshake(socket as TLSSocket) : connected(socket, 'connect'));
    return socket;
  } finally {
    clearTimeout(timer);
  }
}

/** Verified against the system's authorities, unless the server is this very host. */
function tlsNames(server: string): { servername?: string; rejectUnauthorized: boolean } {
  trustSystem();
  const isHere = server === 'localhost' || server === '::1' || server.startsWith('127.');
  return { ...(/^[\d.:]+$/.test(server) ? {} : { servername: server }), rejectUnauthorized: !isHere };
}

function handshake(socket: TLSSocket): Promise<void> {
  return connected(socket, 'secureConnect');
}

function connected(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => {
      socket.removeListener('error', reject);
      resolve();
    });
    socket.once('error', reject);
  });
}
