// Doctor: the running daemon, by what it tells of itself. Pure.
import type { PlaneCertificate } from '../../model/data-plane.ts';
import type { HaStatus } from '../../model/ha-status.ts';
import type { Status } from '../../model/status.ts';
import { type Finding, fault, ok } from './finding.ts';

export interface DaemonEvidence {
  /** Of the command that asks. */
  readonly ownVersion: string;
  readonly nowMs: number;
  readonly target: string;
  readonly version: string;
  readonly startedMs: number;
  /** Absent before its first round. */
  readonly status?: Status;
  readonly alive: boolean;
  readonly access?: {
    readonly tcp: {
      readonly wanted: boolean;
      readonly address?: string;
      readonly certificateUntilMs?: number;
      readonly trouble?: string;
    };
    readonly auditWaiting: number;
  };
  /** Absent where the asker may not see it. */
  readonly audit?: {
    readonly ok: boolean;
    readonly entries: number;
    readonly fault?: { readonly number: number; readonly why: string };
  };
  /** Those that data planes have loaded; absent where the asker may not see them. */
  readonly certificates?: readonly PlaneCertificate[];
  /** Absent where no groups are configured. */
  readonly ha?: HaStatus;
  /** Of the configuration on disk; absent where it cannot be read here. */
  readonly diskHash?: string;
  readonly heldSteps: number;
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

export function diagnoseDaemon(seen: DaemonEvidence): readonly Finding[] {
  return [
    checkLife,
    checkVersion,
    checkConfiguration,
    checkWork,
    checkTroubles,
    checkListeners,
    checkHa,
    checkCertificate,
    checkLoaded,
    checkAudit,
  ].flatMap((check) => check(seen));
}

function checkLife({ alive, status, target, startedMs, nowMs }: DaemonEvidence): Finding[] {
  if (!alive)
    return [
      fault(
        'daemon',
        'error',
        'The daemon hangs',
        `no round finishes; ${target}`,
        'lbctl support bundle; systemctl restart lbctl   (traffic goes on)',
      ),
    ];
  if (status === undefined)
    return [
      fault(
        'daemon',
        'warning',
        'The daemon has not finished its first round',
        target,
        'lbctl events; its log says what it waits for',
      ),
    ];
  const hours = ((nowMs - startedMs) / 3_600_000).toFixed(1);
  return [ok('daemon', 'Daemon', `answers on ${target}, runs for ${hours} h, is ${status.condition}`)];
}

function checkVersion({ version, ownVersion }: DaemonEvidence): Finding[] {
  if (version === ownVersion) return [ok('daemon-version', 'Version', version)];
  return [
    fault(
      'daemon-version',
      'warning',
      'The daemon is of another version than this command',
      `daemon ${version}, command ${ownVersion}`,
      'systemctl restart lbctl   (traffic goes on)',
    ),
  ];
}

function checkConfiguration({ status, diskHash }: DaemonEvidence): Finding[] {
  if (status === undefined) return [];
  if (status.configError !== undefined)
    return [
      fault(
        'config-refused',
        'error',
        'The newest configuration was refused',
        status.configError,
        'lbctl validate; lbctl reload',
      ),
    ];
  if (diskHash === undefined) return [];
  return diskHash === status.configHash
    ? [ok('config-in-force', 'Configuration', `${diskHash.slice(0, 12)} is on disk and in force`)]
    : [
        fault(
          'config-in-force',
          'warning',
          'The configuration on disk is not in force',
          `on disk ${diskHash.slice(0, 12)}, in force ${status.configHash?.slice(0, 12) ?? 'none'}`,
          'lbctl plan; lbctl reload',
        ),
      ];
}

function checkWork({ status, heldSteps }: DaemonEvidence): Finding[] {
  if (status === undefined) return [];
  const failing = status.errors.length;
  const first = status.errors[0];
  return [
    ...(failing === 0
      ? [ok('failing-items', 'Data planes', 'every object is as wanted or on its way')]
      : [
          fault(
            'failing-items',
            'error',
            failing === 1
              ? 'An object cannot be made as wanted'
              : `${failing} objects cannot be made as wanted`,
            first === undefined ? '' : `${first.key}: ${String(first.error.message)}`,
            `${first?.error.hint ?? ''} (lbctl status; lbctl events)`,
          ),
        ]),
    ...(heldSteps === 0
      ? []
      : [
          fault(
            'held',
            'warning',
            'A guard holds steps back',
            `${heldSteps} steps`,
            'lbctl plan; lbctl confirm',
          ),
        ]),
  ];
}

function checkTroubles({ status, access }: DaemonEvidence): Finding[] {
  // The API over TCP has a finding of its own.
  const tcp = access?.tcp.trouble;
  const others = status?.troubles?.filter(({ message }) => tcp === undefined || !message.startsWith(tcp));
  return (others ?? []).map(({ message, cure }) =>
    fault('daemon-trouble', 'error', 'The daemon cannot do all it is to', message, cure),
  );
}

/** A listener that nothing carries is no failing object: there is nothing to apply. */
function checkListeners({ status }: DaemonEvidence): Finding[] {
  const down = status?.listeners.filter(({ condition }) => condition === 'down') ?? [];
  const [first] = down;
  if (first === undefined) return [];
  const why = first.reason === 'EngineUnavailable' ? first.engineReason : first.reason;
  return [
    fault(
      'listeners-down',
      'error',
      `${down.length} listeners do not serve`,
      `${first.name}: ${why}`,
      'lbctl status -o wide; lbctl events',
    ),
  ];
}

function checkHa({ ha }: DaemonEvidence): Finding[] {
  if (ha === undefined) return [];
  const cure = 'lbctl ha status; lbctl events';
  const faults = [
    ...ha.groups
      .filter(({ role }) => role === 'fault')
      .map(({ group, detail }) => fault('ha', 'error', `Group ${group} is in fault here`, detail, cure)),
    ...ha.troubles.map((trouble) => fault('ha', 'error', 'High availability is in trouble', trouble, cure)),
    ...(ha.maintenance
      ? [
          fault(
            'ha-maintenance',
            'info',
            'This node is kept back',
            'maintenance is on',
            'lbctl ha maintenance off',
          ),
        ]
      : []),
  ];
  const roles = ha.groups.map(({ group, role }) => `${group} is ${role}`).join(', ');
  return faults.length > 0 ? faults : [ok('ha', 'High availability', roles)];
}

function checkCertificate({ access, nowMs }: DaemonEvidence): Finding[] {
  if (access === undefined || !access.tcp.wanted) return [];
  const { trouble, certificateUntilMs, address } = access.tcp;
  if (trouble !== undefined)
    return [
      fault(
        'api-tcp',
        'error',
        'The API over TCP is not as configured',
        trouble,
        'Correct api.tls or api.listen; it is tried again by itself',
      ),
    ];
  if (certificateUntilMs === undefined) return [];
  const days = Math.floor((certificateUntilMs - nowMs) / DAY_MS);
  const evidence = `${address ?? ''} until ${new Date(certificateUntilMs).toISOString().slice(0, 10)} (${days} days)`;
  return days < SOON_DAYS
    ? [
        fault(
          'api-certificate',
          days < 0 ? 'error' : 'warning',
          'The certificate of the API ends soon',
          evidence,
          'lbctl pki renew NAME   (it is taken by itself)',
        ),
      ]
    : [ok('api-certificate', 'Certificate of the API', evidence)];
}

/** Soon is what status and metrics tell; what has ended is refused by every client. */
function checkLoaded({ certificates = [], nowMs }: DaemonEvidence): Finding[] {
  return certificates
    .filter(({ untilMs }) => untilMs <= nowMs)
    .map(({ name, untilMs }) =>
      fault(
        'listener-certificate',
        'error',
        `Certificate "${name}" has expired`,
        `loaded, and ended at ${new Date(untilMs).toISOString()}`,
        'Renew its file; it is loaded by itself',
      ),
    );
}

function checkAudit({ audit, access }: DaemonEvidence): Finding[] {
  const waiting = access?.auditWaiting ?? 0;
  return [
    ...(waiting === 0
      ? []
      : [
          fault(
            'audit-disk',
            'error',
            'The audit log cannot be written',
            `${waiting} entries wait in memory`,
            'Make room in system.state_dir, or make it writable',
          ),
        ]),
    ...(audit === undefined
      ? []
      : audit.ok
        ? [ok('audit', 'Audit log', `whole: ${audit.entries} entries`)]
        : [
            fault(
              'audit',
              'error',
              'The audit log was tampered with',
              `entry ${audit.fault?.number}: ${audit.fault?.why}`,
              'Keep audit.db as evidence; compare with the log lines "audit" elsewhere',
            ),
          ]),
  ];
}
