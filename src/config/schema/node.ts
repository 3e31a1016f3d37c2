// The blocks of the node itself: who it is, its interfaces, its data planes, its system, its guards.
import type { z } from 'zod';
import { TUNING_PROFILES } from '../../model/settings.ts';
import { DEFAULTS } from '../defaults.ts';
import { block, either, list, table } from './block.ts';
import { Fault, opt, scalar, show } from './field.ts';
import { duration } from './numbers.ts';
import { flag, int, interfaceName, name, oneOf, text } from './words.ts';

const DAY_MS = 86_400_000;

export const nodeSchema = block('Which node this is.', {
  name: opt(name('Name of the node in logs, metrics and mails. Default: the host name.')),
  role: opt(
    oneOf(
      'Picks the priority of its HA groups.',
      ['primary', 'secondary', 'single'] as const,
      DEFAULTS.nodeRole,
    ),
  ),
});

const side = (about: string) => block(about, { interface: opt(interfaceName('Name of the interface.')) });

export const networkSchema = block('Interfaces of the node.', {
  frontend: opt(side('Towards clients: carries the VIPs that name no interface.')),
  backend: opt(side('Towards members.')),
});

const P = DEFAULTS.dataPlane;

export const dataPlaneSchema = block('Settings of the engines.', {
  prefer: opt(
    oneOf('Layer 4 engine that `auto` takes where the machine has both.', ['ipvs', 'xdp'] as const, P.prefer),
  ),
  xdp: opt(
    block('Engine xdp.', {
      interfaces: opt(
        list(
          'Interfaces it is attached to. Default: the frontend interface.',
          interfaceName('An interface.'),
        ),
      ),
      attach: opt(
        oneOf(
          '`native` needs the driver of the card, `generic` is slower.',
          ['auto', 'native', 'generic'] as const,
          P.attach,
        ),
      ),
      max_listeners: opt(
        int('Size of the table; memory is taken at start.', {
          min: 1,
          max: 1_000_000,
          default: P.maxListeners,
        }),
      ),
      max_members: opt(
        int('Size of the table; memory is taken at start.', {
          min: 1,
          max: 1_000_000,
          default: P.maxMembers,
        }),
      ),
      max_flows: opt(
        int('Flows remembered, about 90 bytes each.', { min: 1024, max: 100_000_000, default: P.maxFlows }),
      ),
    }),
  ),
  ipvs: opt(
    block('Engine ipvs.', {
      tcp_timeout: opt(
        duration('Idle time of a TCP flow.', { minMs: 1000, maxMs: 31 * DAY_MS, defaultMs: P.tcpTimeoutMs }),
      ),
      tcp_fin_timeout: opt(
        duration('Of a TCP flow after FIN.', {
          minMs: 1000,
          maxMs: 31 * DAY_MS,
          defaultMs: P.tcpFinTimeoutMs,
        }),
      ),
      udp_timeout: opt(
        duration('Of a UDP flow.', { minMs: 1000, maxMs: 31 * DAY_MS, defaultMs: P.udpTimeoutMs }),
      ),
    }),
  ),
  haproxy: opt(
    block('Engine haproxy.', {
      binary: opt(text('Program run.', { default: P.haproxyBinary })),
      max_connections: opt(
        int('Connections of the whole process.', { min: 1, max: 100_000_000, default: P.maxConnections }),
      ),
      threads: opt(int('Threads; 0 is one per processor.', { min: 0, max: 1024, default: P.threads })),
    }),
  ),
});

const sysctlValue = scalar<string>(
  'Value to set.',
  { type: 'text or number', json: { type: ['string', 'integer'] } },
  (value) =>
    typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))
      ? String(value)
      : new Fault('wrong-type', `Must be text or a number: current value is ${show(value)}`),
);

const Y = DEFAULTS.system;

export const systemSchema = block('Paths and tuning of the machine.', {
  state_dir: opt(text('Where state and backups are kept.', { default: Y.stateDir })),
  run_dir: opt(text('Where sockets and generated files live while running.', { default: Y.runDir })),
  frr_config: opt(text('Configuration file of FRR, where it is driven by file.', { default: Y.frrConfig })),
  sysctl_file: opt(text('File our sysctls are written to.', { default: Y.sysctlFile })),
  tuning_profile: opt(oneOf('Set of sysctls applied.', TUNING_PROFILES, Y.tuningProfile)),
  sysctl: opt(table('Sysctls set besides the profile; they win.', sysctlValue)),
  lock_idle: opt(
    duration('An edit lock idle for this long is released.', { maxMs: 7 * DAY_MS, defaultMs: Y.lockIdleMs }),
  ),
});

export const daemonSchema = block('The reconcile loop.', {
  reconcile_interval: opt(
    duration('A full compare at least this often; events wake the loop earlier.', {
      minMs: 100,
      maxMs: 3_600_000,
      defaultMs: DEFAULTS.daemon.reconcileIntervalMs,
    }),
  ),
  watch_files: opt(flag('Reload when a configuration file changes.', DEFAULTS.daemon.watchFiles)),
});

const U = DEFAULTS.guard;

export const guardSchema = block('How much one plan may change unless confirmed.', {
  max_delete_percent: opt(
    int('Largest share of our objects one plan may remove.', {
      min: 0,
      max: 100,
      default: U.maxDeletePercent,
      unit: 'percent',
    }),
  ),
  free_deletions: opt(
    int('Plans with fewer removals always pass.', { min: 0, max: 1_000_000, default: U.freeDeletions }),
  ),
  max_add_listeners: opt(
    int('Listeners one plan may add; 0 is unlimited.', {
      min: 0,
      max: 1_000_000,
      default: U.maxAddListeners,
    }),
  ),
  max_members_per_listener: opt(
    int('Members a listener may have; 0 is unlimited.', {
      min: 0,
      max: 1_000_000,
      default: U.maxMembersPerListener,
    }),
  ),
});

const glob = text('A path or glob, relative to the main file.', {
  default: 'config.d/*.yaml and conf.d/*.yaml',
});

export const includeSchema = either<string[]>(
  'Further files with listeners, pools, vips and certificates; a glob or a list of globs.',
  [
    { label: 'one', schema: glob },
    { label: 'list', schema: list('Globs.', glob) },
  ],
  (value) =>
    Array.isArray(value)
      ? (list('Globs.', glob) as unknown as z.ZodType<string[]>)
      : (glob.transform((one) => [one]) as unknown as z.ZodType<string[]>),
);

export type NodeDoc = z.output<typeof nodeSchema>;
export type NetworkDoc = z.output<typeof networkSchema>;
export type DataPlaneDoc = z.output<typeof dataPlaneSchema>;
export type SystemDoc = z.output<typeof systemSchema>;
export type DaemonDoc = z.output<typeof daemonSchema>;
export type GuardDoc = z.output<typeof guardSchema>;
