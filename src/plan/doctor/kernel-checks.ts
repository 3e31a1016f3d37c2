// Doctor: privileges, modules and sysctls.
import { sysctlDevice } from '../../lib/sysctl.ts';
import type { Evidence } from './evidence.ts';
import { type Finding, fault, ok } from './finding.ts';
import type { Need } from './need.ts';

export function checkPrivileges(need: Need, seen: Evidence): Finding[] {
  const wanted = ['net_admin', 'net_raw', ...(need.engines.includes('xdp') ? ['bpf', 'perfmon'] : [])];
  const missing = wanted.filter((name) => !seen.capabilities.includes(name));
  if (missing.length === 0) return [ok('privileges', 'Capabilities', `has ${wanted.join(', ')}`)];
  const names = missing.map((name) => `CAP_${name.toUpperCase()}`);
  return [
    fault(
      'privileges',
      'error',
      'Capabilities are missing',
      `without ${names.join(', ')}`,
      `Run as root, or add to the unit: AmbientCapabilities=${names.join(' ')}`,
    ),
  ];
}

export function checkModules(need: Need, seen: Evidence): Finding[] {
  return need.settings.modules.map((name) => {
    const state = seen.modules[name] ?? 'missing';
    const check = `module-${name}`;
    if (state === 'loaded') return ok(check, `Kernel module ${name}`, 'loaded');
    if (state === 'available')
      return fault(
        check,
        'warning',
        `Kernel module ${name} is not loaded`,
        'available, not loaded',
        `modprobe ${name}`,
      );
    return fault(
      check,
      'error',
      `Kernel module ${name} is missing`,
      `not part of kernel ${seen.kernel}`,
      name.startsWith('ip_vs_')
        ? `Use another scheduler than "${name.slice('ip_vs_'.length)}", or a kernel that has it`
        : 'Boot a distribution kernel that has IPVS (linux-image-amd64), or set "engine: xdp"',
    );
  });
}

/** What `lbctl system apply` would set. */
export function checkSysctls(need: Need, seen: Evidence): Finding[] {
  const essential = new Set(['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding', 'net.ipv4.vs.conntrack']);
  return Object.entries(need.settings.sysctls).map(([key, wanted]) => {
    const now = seen.sysctls[key];
    const check = `sysctl-${key}`;
    if (now === wanted || isMore(key, now, wanted)) return ok(check, `Setting ${key}`, `${key} = ${now}`);
    const severity = essential.has(key) ? 'error' : 'warning';
    return fault(
      check,
      severity,
      `Setting ${key} is not as wanted`,
      now === undefined
        ? `${key} does not exist, its module is not loaded`
        : `${key} = ${now}, wanted ${wanted}`,
      now === undefined ? 'lbctl system apply' : `sysctl -w ${key}=${wanted}   (or: lbctl system apply)`,
    );
  });
}

/** More room than asked for is no fault. */
function isMore(key: string, now: string | undefined, wanted: string): boolean {
  return /(_max|somaxconn|backlog)$/.test(key) && now !== undefined && Number(now) >= Number(wanted);
}

/** Strict reverse path filtering drops what comes in by one interface and would be answered by another. */
export function checkReversePath(need: Need, seen: Evidence): Finding[] {
  if (!need.modes.some((mode) => mode === 'tunnel' || mode === 'dr')) return [];
  const all = Number(seen.sysctls['net.ipv4.conf.all.rp_filter'] ?? 0);
  return need.interfaces.map((name) => {
    const key = `net.ipv4.conf.${sysctlDevice(name)}.rp_filter`;
    const effective = Math.max(all, Number(seen.sysctls[key] ?? 0));
    const evidence = `effective rp_filter of ${name} is ${effective}`;
    return effective === 1
      ? fault('rp-filter', 'warning', `Strict reverse path filter on ${name}`, evidence, `sysctl -w ${key}=2`)
      : ok('rp-filter', `Reverse path filter on ${name}`, evidence);
  });
}
