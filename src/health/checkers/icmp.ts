// icmp: the member answers an echo request, over IPv4 or IPv6. It says that the host lives, not that it serves.
import { ping } from '../../kernel/ping.ts';
import { type Checker, failed, PASSED } from './checker.ts';

export const checkIcmp: Checker<'icmp'> = async (check, target, signal) => {
  const end = await ping(target.address, check.payloadBytes, signal, check);
  return end.ok ? PASSED : failed(end.why);
};
