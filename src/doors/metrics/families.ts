// Every metric we give: name, type, labels and what it says. docs/reference/metrics.md is made from this list.
import type { Family } from './exposition.ts';

export interface Metric extends Family {
  readonly labels: readonly string[];
}

function metric(type: Family['type'], name: string, labels: readonly string[], help: string): Metric {
  return { type, name, labels, help };
}

const LISTENER = ['node', 'driver', 'service', 'listener'] as const;
const MEMBER = [...LISTENER, 'backend'] as const;

export const METRICS = {
  buildInfo: metric(
    'gauge',
    'lbctl_build_info',
    ['node', 'version', 'runtime'],
    'Always 1; which release runs',
  ),
  startTime: metric('gauge', 'lbctl_start_time_seconds', ['node'], 'When the daemon started, since 1970'),
  condition: metric(
    'gauge',
    'lbctl_node_condition',
    ['node', 'condition'],
    '1 for the condition the node is in, 0 for the others',
  ),
  vipOwner: metric(
    'gauge',
    'lbctl_vip_is_owner',
    ['node', 'vip'],
    '1 while this node carries the address, as observed',
  ),
  vipTransitions: metric(
    'counter',
    'lbctl_vip_transitions_total',
    ['node', 'vip', 'direction'],
    'How often the address came to this node (acquire) or left it (release)',
  ),
  role: metric(
    'gauge',
    'lbctl_ha_role',
    ['node', 'group', 'role'],
    '1 for the role the HA group has on this node, 0 for the others',
  ),
  epoch: metric(
    'gauge',
    'lbctl_ha_epoch',
    ['node', 'group'],
    'Epoch of the role; grows with each change of leadership',
  ),
  reconcileRuns: metric(
    'counter',
    'lbctl_reconcile_runs_total',
    ['node', 'result'],
    'Rounds by result: success, or failure where a step, a driver or the round itself failed',
  ),
  reconcileLast: metric('gauge', 'lbctl_reconcile_duration_ms', ['node'], 'How long the last round took'),
  reconcileSeconds: metric(
    'histogram',
    'lbctl_reconcile_duration_seconds',
    ['node'],
    'How long rounds took that applied something',
  ),
  steps: metric(
    'counter',
    'lbctl_steps_total',
    ['node', 'result'],
    'Steps of plans by result: applied, or failed',
  ),
  drift: metric(
    'counter',
    'lbctl_drift_repaired_total',
    ['node'],
    'Steps that repaired what somebody else had changed',
  ),
  planSteps: metric(
    'gauge',
    'lbctl_plan_steps',
    ['node', 'verb'],
    'Steps of the last plan by verb; 0 where everything is as wanted',
  ),
  planHeld: metric('gauge', 'lbctl_plan_held_steps', ['node'], 'Steps that guards hold until confirmed'),
  planConflicts: metric(
    'gauge',
    'lbctl_plan_conflicts',
    ['node'],
    'Objects of somebody else on keys of ours',
  ),
  planUnchanged: metric('gauge', 'lbctl_plan_unchanged_items', ['node'], 'Objects that are as wanted'),
  itemErrors: metric(
    'gauge',
    'lbctl_failing_items',
    ['node'],
    'Objects whose last step failed and is tried again',
  ),
  reloadOk: metric(
    'gauge',
    'lbctl_config_last_reload_successful',
    ['node'],
    '1 when the newest configuration is in force, 0 when it was refused',
  ),
  reloadTime: metric(
    'gauge',
    'lbctl_config_last_reload_success_timestamp_seconds',
    ['node'],
    'When a configuration was last taken into force, since 1970',
  ),
  reloads: metric(
    'counter',
    'lbctl_config_reloads_total',
    ['node', 'result'],
    'New configurations: accepted or refused',
  ),
  listenerCount: metric('gauge', 'lbctl_listeners', ['node', 'condition'], 'Listeners by condition'),
  events: metric('counter', 'lbctl_events_total', ['node', 'kind'], 'Events by kind'),
  probeSeconds: metric(
    'histogram',
    'lbctl_health_check_duration_seconds',
    ['node', 'type'],
    'How long checks took, by type of check',
  ),
  healthy: metric(
    'gauge',
    'lbctl_health_backend_healthy',
    ['node', 'service', 'backend'],
    '1 while the checks of the member pass; service is the listener, backend the member',
  ),
  weight: metric(
    'gauge',
    'lbctl_health_backend_weight',
    ['node', 'service', 'backend'],
    'Weight the data plane has for the member, as observed; 0 where it has no row',
  ),
  listenerConnections: metric(
    'counter',
    'lbctl_listener_connections_total',
    LISTENER,
    'Connections since the row was made, by listener',
  ),
  listenerActive: metric(
    'gauge',
    'lbctl_listener_active_connections',
    LISTENER,
    'Connections that carry data, by listener',
  ),
  listenerInactive: metric(
    'gauge',
    'lbctl_listener_inactive_connections',
    LISTENER,
    'Connections that are ending or half open, by listener',
  ),
  listenerPackets: metric(
    'counter',
    'lbctl_listener_packets_total',
    [...LISTENER, 'direction'],
    'Packets by listener; direction is in (from clients) or out',
  ),
  listenerBytes: metric(
    'counter',
    'lbctl_listener_bytes_total',
    [...LISTENER, 'direction'],
    'Bytes by listener; direction is in (from clients) or out',
  ),
  listenerRefused: metric(
    'counter',
    'lbctl_listener_refused_total',
    [...LISTENER, 'reason'],
    'Connections and requests that a proxied listener refused; reason is source (not allowed, or too often), tls (the handshake failed, ' +
      'as without a good client certificate), rule, request (none at all, or too slow) or queue (full)',
  ),
  memberConnections: metric(
    'counter',
    'lbctl_member_connections_total',
    MEMBER,
    'Connections since the row was made, by member',
  ),
  memberActive: metric(
    'gauge',
    'lbctl_member_active_connections',
    MEMBER,
    'Connections that carry data, by member',
  ),
  memberInactive: metric(
    'gauge',
    'lbctl_member_inactive_connections',
    MEMBER,
    'Connections that are ending or half open, by member',
  ),
  memberPackets: metric(
    'counter',
    'lbctl_member_packets_total',
    [...MEMBER, 'direction'],
    'Packets by member; direction is in (from clients) or out',
  ),
  memberBytes: metric(
    'counter',
    'lbctl_member_bytes_total',
    [...MEMBER, 'direction'],
    'Bytes by member; direction is in (from clients) or out',
  ),
  planeInterface: metric(
    'gauge',
    'lbctl_data_plane_interface',
    ['node', 'driver', 'interface', 'mode'],
    '1 while the interface is served in this mode, 0 (mode none) while it is not',
  ),
  planeTableUsed: metric(
    'gauge',
    'lbctl_data_plane_table_used',
    ['node', 'driver', 'table'],
    'Rows in use, by table of a data plane; flows as of the last walk',
  ),
  planeTableCapacity: metric(
    'gauge',
    'lbctl_data_plane_table_capacity',
    ['node', 'driver', 'table'],
    'Rows there are, by table of a data plane',
  ),
  planePackets: metric(
    'counter',
    'lbctl_data_plane_packets_total',
    ['node', 'driver', 'reason'],
    'Packets by what became of them; "lbctl show data-planes" tells what each reason means',
  ),
  planeCertificate: metric(
    'gauge',
    'lbctl_certificate_expiry_timestamp_seconds',
    ['node', 'driver', 'certificate'],
    'When a certificate ends that a data plane has loaded, since 1970',
  ),
  influxPushes: metric(
    'counter',
    'lbctl_influxdb_pushes_total',
    ['node', 'result'],
    'Pushes to InfluxDB by result: success or failure',
  ),
  gelfDropped: metric(
    'counter',
    'lbctl_gelf_dropped_lines_total',
    ['node'],
    'Log lines that did not reach Graylog, as far as we can know',
  ),
  auditWaiting: metric(
    'gauge',
    'lbctl_audit_waiting_entries',
    ['node'],
    'Entries of the audit log that the disk did not take yet',
  ),
  apiRefused: metric(
    'counter',
    'lbctl_api_refused_callers_total',
    ['node'],
    'Requests over TCP of callers who could not say who they are',
  ),
  apiCertificate: metric(
    'gauge',
    'lbctl_api_certificate_expiry_timestamp_seconds',
    ['node'],
    'When the certificate of the API over TCP ends, since 1970',
  ),
  scrapeErrors: metric(
    'counter',
    'lbctl_metrics_errors_total',
    ['node', 'source'],
    'Scrapes without the part named, as it could not be read',
  ),
  dropped: metric(
    'counter',
    'lbctl_metrics_dropped_series_total',
    ['node'],
    'Series left out of scrapes as metrics.prometheus.max_series was reached',
  ),
} as const satisfies Record<string, Metric>;
