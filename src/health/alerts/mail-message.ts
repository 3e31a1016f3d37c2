// A mail as bytes: headers that cannot be injected into, a body that survives every server. Pure.
import { randomUUID } from 'node:crypto';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly atMs: number;
  /** Stable over retries, so that a mail sent twice is seen as one. */
  readonly id: string;
}

export function newMailId(host: string): string {
  return `<${randomUUID()}@${host.replace(/[^A-Za-z0-9.-]/g, '') || 'localhost'}>`;
}

/** RFC 5322 with CRLF, ready for DATA but for the dots (see `stuffDots`). */
export function renderMail(mail: Mail): string {
  const headers = [
    `Date: ${rfc5322Date(mail.atMs)}`,
    `From: ${oneLine(mail.from)}`,
    `To: ${mail.to.map(oneLine).join(',\r\n ')}`,
    `Subject: ${encodeHeader(oneLine(mail.subject))}`,
    `Message-ID: ${oneLine(mail.id)}`,
    // RFC 3834: keeps out-of-office replies away.
    'Auto-Submitted: auto-generated',
    'X-Mailer: steelyard',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
  ];
  const body = Buffer.from(mail.text, 'utf8').toString('base64').replace(/.{76}/g, '$&\r\n');
  return `${headers.join('\r\n')}\r\n\r\n${body}\r\n`;
}

/** RFC 5321 4.5.2: a line that starts with a dot gets one more. */
export function stuffDots(message: string): string {
  return message.replace(/^\./gm, '..');
}

/** The address alone: `Ops <ops@example.com>` is `ops@example.com`. */
export function addressOf(mailbox: string): string {
  return oneLine(/<([^<>]+)>\s*$/.exec(mailbox)?.[1] ?? mailbox).replace(/[<>\s]/g, '');
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\0]+/g, ' ').trim();
}

/** RFC 2047 where the text is not plain ASCII; in words short enough for any server. */
function encodeHeader(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const words: string[] = [];
  let word = '';
  for (const character of text) {
    // 45 bytes make 60 of base64; with the wrapping it stays under the 75 an encoded word may have.
    if (Buffer.byteLength(word + character) > 45) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((one) => `=?utf-8?B?${Buffer.from(one).toString('base64')}?=`).join('\r\n ');
}

function rfc5322Date(atMs: number): string {
  return new Date(atMs).toUTCString().replace('GMT', '+0000');
}
