// One run of a probe: the right checker, its deadline, and how long it took.
import { BugError } from '../model/errors.ts';
import type { HealthCheck } from '../model/health-check.ts';
import type { CheckOutcome, Target } from './checkers/checker.ts';
import { failed, reasonOf } from './checkers/checker.ts';
import { checkDns } from './checkers/dns.ts';
import { checkFile } from './checkers/file.ts';
import { checkGrpc } from './checkers/grpc.ts';
import { checkHttp } from './checkers/http.ts';
import { checkIcmp } from './checkers/icmp.ts';
import { checkScript } from './checkers/script.ts';
import { checkSmtp } from './checkers/smtp.ts';
import { checkConnect, checkTcp, isConnectOnly } from './checkers/tcp.ts';
import { checkTlsHello } from './checkers/tls-hello.ts';
import { checkUdp } from './checkers/udp.ts';
import type { CheckResult } from './judge.ts';

/** Never throws: whatever a checker trips over is a failed check with its message. */
export function runCheck(check: HealthCheck, target: Target, stop: AbortSignal): Promise<CheckResult> {
  return check.type === 'tcp' && isConnectOnly(check, target)
    ? checkConnect(check, target, stop)
    : runTimed(check, target, stop);
}

async function runTimed(check: HealthCheck, target: Target, stop: AbortSignal): Promise<CheckResult> {
  const started = performance.now();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), check.timeoutMs);
  const onStop = (): void => deadline.abort();
  stop.addEventListener('abort', onStop, { once: true });
  let outcome: CheckOutcome;
  try {
    outcome = await ask(check, target, deadline.signal);
  } catch (error) {
    outcome = failed(reasonOf(error));
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
  }
  const latencyMs = performance.now() - started;
  return { ...outcome, latencyMs, atMs: Date.now() };
}

function ask(check: HealthCheck, target: Target, signal: AbortSignal): Promise<CheckOutcome> {
  switch (check.type) {
    case 'tcp':
      return checkTcp(check, target, signal);
    case 'http':
    case 'https':
      return checkHttp(check, target, signal);
    case 'tls-hello':
      return checkTlsHello(check, target, signal);
    case 'grpc':
      return checkGrpc(check, target, signal);
    case 'dns':
      return checkDns(check, target, signal);
    case 'smtp':
      return checkSmtp(check, target, signal);
    case 'udp':
      return checkUdp(check, target, signal);
    case 'icmp':
      return checkIcmp(check, target, signal);
    case 'script':
      return checkScript(check, target, signal);
    case 'file':
      return checkFile(check, target, signal);
    case 'fixed':
      return Promise.resolve(
        check.state === 'up' ? { ok: true } : failed('Fixed to down in the configuration'),
      );
    case 'bfd':
      throw new BugError(
        `Cannot run a check of BFD session "${check.session}" as its state is told, not asked`,
      );
  }
}
