// dns: the member answers one question with the expected rcode, and the expected records where any are named.

import { randomInt } from 'node:crypto';
import { canonicalIp, isIp } from '../../lib/ip.ts';
import { type DnsAnswer, decodeAnswer, encodeQuestion } from '../../wire/dns.ts';
import {
  type Checker,
  type CheckOf,
  type CheckOutcome,
  failed,
  PASSED,
  reasonOf,
  type Target,
} from './checker.ts';
import { closeProbe } from './close-probe.ts';
import { connectDatagram, connectPlain } from './way.ts';

type DnsCheck = CheckOf<'dns'>;

export const checkDns: Checker<'dns'> = (check, target, signal) =>
  check.transport === 'tcp' ? askTcp(check, target, signal) : askUdp(check, target, signal);

function askUdp(check: DnsCheck, target: Target, signal: AbortSignal): Promise<CheckOutcome> {
  return new Promise((resolve) => {
    const id = randomInt(0x10000);
    const socket = connectDatagram(check, target, () =>
      socket.send(encodeQuestion(id, check.name, check.record)),
    );
    const finish = (outcome: CheckOutcome): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(outcome);
    };
    const onAbort = (): void => finish(failed('Timed out waiting for the answer'));

    signal.addEventListener('abort', onAbort);
    socket.on('error', (error) => finish(failed(reasonOf(error))));
    socket.on('message', (message) => {
      const answer = decodeAnswer(message, check.record);
      // Anything that is not the answer to our question may come from somebody else: wait on.
      if (answer?.isResponse && answer.id === id) finish(verdictOn(answer, check));
    });
  });
}

function askTcp(check: DnsCheck, target: Target, signal: AbortSignal): Promise<CheckOutcome> {
  return new Promise((resolve) => {
    const id = randomInt(0x10000);
    const socket = connectPlain(check, target);
    let received = Buffer.alloc(0);
    const finish = (outcome: CheckOutcome): void => {
      signal.removeEventListener('abort', onAbort);
      closeProbe(socket);
      resolve(outcome);
    };
    const onAbort = (): void => finish(failed('Timed out waiting for the answer'));

    signal.addEventListener('abort', onAbort);
    socket.on('error', (error) => finish(failed(reasonOf(error))));
    socket.on('end', () => finish(failed('The member closed the connection before the answer')));
    socket.on('connect', () => {
      const question = encodeQuestion(id, check.name, check.record);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(question.length);
      socket.write(Buffer.concat([length, question]));
    });
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      // RFC 1035 4.2.2: two bytes of length, so never more than 64 KiB are kept.
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const answer = decodeAnswer(received.subarray(2, 2 + received.readUInt16BE(0)), check.record);
      const ours = answer?.isResponse && answer.id === id;
      finish(ours ? verdictOn(answer, check) : failed('The answer is no DNS message'));
    });
  });
}

/** Exported for its test: pure. */
export function verdictOn(answer: DnsAnswer, check: DnsCheck): CheckOutcome {
  if (answer.rcode !== check.rcode) {
    return failed(`${check.record} ${check.name} answered ${answer.rcode}: wanted ${check.rcode}`);
  }
  const found = new Set(answer.answers.map(canonicalAnswer));
  const missing = check.answers.filter((wanted) => !found.has(canonicalAnswer(wanted)));
  if (missing.length === 0) return PASSED;
  const got = answer.answers.length === 0 ? 'no record' : answer.answers.join(', ');
  return failed(`${check.record} ${check.name} lacks ${missing.join(', ')}: got ${got}`);
}

function canonicalAnswer(text: string): string {
  return isIp(text) ? canonicalIp(text) : text.toLowerCase().replace(/\.$/, '');
}
