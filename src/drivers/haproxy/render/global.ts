// The global section, defaults and the peers section through which stick tables outlive a reload.
import { digest, type Places } from '../names.ts';
import { quote } from '../quote.ts';

export interface GlobalSettings extends Places {
  readonly maxConnections: number;
  /** 0: as many as there are processors. */
  readonly threads: number;
  readonly user: string;
  readonly group: string;
  /** An old worker that still has connections ends after this long. */
  readonly hardStopAfterMs: number;
  /** Its TLS library knows nothing of QUIC, so HAProxy wants to be told that a part of it will do. */
  readonly limitedQuic?: boolean;
}

/** `generation` names what the worker was started with; we read it back from "show info". */
export function renderGlobal(settings: GlobalSettings, generation: string): string {
  const { runDir, threads, limitedQuic = false } = settings;
  return `global
  description ${generation}
  stats socket ${quote(adminSocket(settings))} mode 600 level admin expose-fd listeners
  stats timeout 60s
  chroot ${quote(`${runDir}/chroot`)}
  user ${quote(settings.user)}
  group ${quote(settings.group)}
  maxconn ${settings.maxConnections}
${threads > 0 ? `  nbthread ${threads}\n` : ''}  hard-stop-after ${settings.hardStopAfterMs}ms
  localpeer lbctl
  tune.ssl.default-dh-param 2048
${limitedQuic ? '  limited-quic\n' : ''}
defaults
  maxconn ${settings.maxConnections}
  retries 2
  option redispatch
  option dontlognull
  timeout client 50s
  timeout connect 5s
  timeout server 50s
  timeout queue 5s

peers lbctl
  peer lbctl ${peerAddress(settings)}

# A frontend of no use to anybody: HAProxy refuses to run without any.
frontend fe__idle
  mode tcp
  bind ${quote(`unix@${runDir}/idle.sock`)} mode 600
  tcp-request connection reject

`;
}

export function adminSocket({ runDir }: Places): string {
  return `${runDir}/admin.sock`;
}

/** Abstract, as an old worker that hands its tables over has no files any more (chroot). */
function peerAddress({ runDir }: Places): string {
  return `abns@lbctl-${digest(runDir)}`;
}
