// Doctor: clock, files, programs, and others who write to the same tables.
import type { Evidence } from './evidence.ts';
import { type Finding, fault, ok } from './finding.ts';
import type { Need } from './need.ts';

export function checkClock(_need: Need, seen: Evidence): Finding[] {
  if (seen.clockSynchronized === undefined) return [];
  return seen.clockSynchronized
    ? [ok('clock', 'Clock', 'synchronized')]
    : [
        fault(
          'clock',
          'warning',
          'The clock is not synchronized',
          'the kernel says STA_UNSYNC; certificates and logs of a pair will disagree',
          'timedatectl set-ntp true   (or install chrony)',
        ),
      ];
}

const WRITE_BITS = 0o022;

/** Whoever may write the configuration runs programs as root: checks, hooks, notifications. */
export function checkConfigFiles(need: Need, seen: Evidence): Finding[] {
  const known = seen.files.filter((one) => need.configFiles.includes(one.path) && one.mode !== undefined);
  const open = known.filter((one) => (Number.parseInt(one.mode!, 8) & WRITE_BITS) !== 0);
  const foreign = known.filter((one) => one.uid !== 0);
  if (open.length + foreign.length === 0)
    return known.length === 0 ? [] : [ok('config-file', 'The configuration', 'only root can write it')];
  return [
    ...open.map((one) =>
      fault(
        'config-file',
        'error',
        'The configuration can be written by others',
        `${one.path} has mode ${one.mode}`,
        `chmod go-w ${one.path}`,
      ),
    ),
    ...foreign.map((one) =>
      fault(
        'config-file',
        'warning',
        'The configuration belongs to somebody else than root',
        `${one.path} belongs to user ${one.uid}`,
        `chown root ${one.path}`,
      ),
    ),
  ];
}

/** Others may not read a key; a group may, and writing is for root alone. */
const FORBIDDEN_BITS = 0o027;

export function checkFiles(need: Need, seen: Evidence): Finding[] {
  return need.secretFiles.map(({ path, what }) => {
    const file = seen.files.find((one) => one.path === path);
    if (file?.mode === undefined)
      return fault(
        'file',
        'error',
        `The ${what} is missing`,
        `no file ${path}`,
        `Put it at ${path}, or correct the path`,
      );
    const loose = (Number.parseInt(file.mode, 8) & FORBIDDEN_BITS) !== 0;
    const evidence = `${path} has mode ${file.mode}`;
    return loose
      ? fault(
          'file',
          'warning',
          `The ${what} can be read or written by others`,
          evidence,
          `chmod 0640 ${path}`,
        )
      : ok('file', `The ${what}`, evidence);
  });
}

export function checkOtherTools(need: Need, seen: Evidence): Finding[] {
  if (!need.engines.includes('ipvs')) return [];
  const names = [...new Set(seen.otherTools.map((one) => one.name))];
  if (names.length === 0) return [ok('other-tools', 'Others that manage IPVS', 'none runs')];
  return names.map((name) => {
    const pids = seen.otherTools.filter((one) => one.name === name).map((one) => one.pid);
    const ours = name === 'keepalived' && need.haProvider === 'keepalived';
    const evidence = `${name} runs as ${pids.join(', ')}`;
    return ours
      ? ok('other-tools', 'keepalived runs for VRRP', evidence)
      : fault(
          'other-tools',
          'warning',
          `${name} may manage the same IPVS table`,
          evidence,
          `Stop it, or keep its services apart: what it makes on our keys is reported as a conflict (systemctl disable --now ${name})`,
        );
  });
}

export function checkPrograms(need: Need, seen: Evidence): Finding[] {
  const wanted: readonly (readonly [string, boolean, string])[] = [
    [need.haproxyBinary, need.engines.includes('haproxy'), 'apt-get install haproxy'],
    ['nft', need.modes.some((mode) => mode === 'onearm' || mode === 'fullnat'), 'apt-get install nftables'],
    ['keepalived', need.haProvider === 'keepalived', 'apt-get install keepalived'],
    ['vtysh', need.haProvider === 'frr', 'apt-get install frr'],
  ];
  return wanted
    .filter(([, used]) => used)
    .map(([name, , fix]) => {
      const version = seen.programs[name];
      return version === undefined
        ? fault('program', 'error', `The program ${name} is missing`, 'not found', fix)
        : ok('program', `Program ${name}`, version);
    });
}
