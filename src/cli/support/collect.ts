// What a support bundle holds: the node as the daemon tells it, the machine as its own tools tell it. Every text goes through
// the redaction; a part that cannot be had is named in errors.txt and keeps no other one away.
import { redact, redactText, secretsIn } from '../../lib/redact.ts';
import { stableJson } from '../../lib/stable-json.ts';
import type { TarEntry } from '../../lib/tar.ts';
import type { Client } from '../client.ts';
import type { LoadedConfig, Toolbox } from '../toolbox.ts';

export interface CollectOptions {
  readonly toolbox: Toolbox;
  readonly client: Client;
  readonly configPath: string;
  /** The machine itself too; false for a daemon elsewhere. */
  readonly machine: boolean;
}

const FROM_DAEMON: readonly (readonly [file: string, path: string])[] = [
  ['version', '/v1/version'],
  ['status', '/v1/status'],
  ['ha', '/v1/ha'],
  ['health', '/v1/health'],
  ['plan', '/v1/plan'],
  ['world', '/v1/world'],
  ['rounds', '/v1/rounds?last=2048'],
  ['events', '/v1/events?last=2048'],
  ['stats', '/v1/stats'],
  ['access', '/v1/access'],
  ['audit', '/v1/audit?limit=1000'],
  ['audit-verdict', '/v1/audit/verdict'],
];

const FROM_MACHINE: readonly (readonly [file: string, ...command: string[]])[] = [
  ['uname', 'uname', '-a'],
  ['os-release', 'cat', '/etc/os-release'],
  ['addresses', 'ip', '-d', 'address', 'show'],
  ['links', 'ip', '-s', 'link', 'show'],
  ['routes', 'ip', 'route', 'show', 'table', 'all'],
  ['rules', 'ip', 'rule', 'show'],
  ['neighbours', 'ip', 'neighbour', 'show'],
  ['nft', 'nft', 'list', 'ruleset'],
  ['ip_vs', 'cat', '/proc/net/ip_vs'],
  ['ip_vs_stats', 'cat', '/proc/net/ip_vs_stats'],
  ['sockets', 'ss', '-ltnup'],
  ['memory', 'cat', '/proc/meminfo'],
  ['modules', 'cat', '/proc/modules'],
  ['processes', 'ps', '-eo', 'pid,ppid,user,rss,etime,comm'],
  ['journal', 'journalctl', '-u', 'lbctl', '-n', '5000', '--no-pager', '-o', 'short-iso-precise'],
];

export async function collect(options: CollectOptions): Promise<readonly TarEntry[]> {
  const { toolbox, client, configPath, machine } = options;
  const errors: string[] = [];
  const loaded = machine
    ? await toolbox
        .loadConfig(configPath, 'wished', 'kept')
        .catch((error: Error) => told(errors, 'configuration', error))
    : undefined;
  // Where the files are no good now, what runs still has the secrets of those that were.
  const kept =
    machine && loaded?.intent === undefined
      ? await toolbox.loadKept(configPath, 'wished').catch(() => undefined)
      : undefined;
  const secrets = secretsIn([loaded?.intent, kept]);
  for (const name of SECRET_VARIABLES) if (toolbox.env[name]) secrets.add(toolbox.env[name]!);
  const entries: TarEntry[] = [];
  const add = (name: string, text: string): void => {
    entries.push({ name, content: redactText(text, secrets) });
  };
  const addJson = (name: string, value: unknown): void =>
    add(name, `${stableJson(redact(value, secrets), 2)}\n`);
  if (loaded !== undefined) addJson('configuration.json', configurationOf(loaded));
  for (const [file, path] of FROM_DAEMON) {
    const answer = await client.get<unknown>(path).catch((error: Error) => told(errors, path, error));
    if (answer !== undefined) addJson(`daemon/${file}.json`, answer);
  }
  if (machine)
    for (const [file, ...command] of FROM_MACHINE) {
      const text = await toolbox
        .runTool(command)
        .catch((error: Error) => told(errors, command.join(' '), error));
      if (text !== undefined) add(`machine/${file}.txt`, text);
    }
  const about = {
    madeMs: toolbox.nowMs(),
    version: toolbox.version,
    runtime: process.version,
    secretsTakenOut: secrets.size,
  };
  addJson('about.json', about);
  if (errors.length > 0) add('errors.txt', `${errors.join('\n')}\n`);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const SECRET_VARIABLES = ['LBCTL_TOKEN'];

/** Not the texts of the files: a comment may hold anything. Of what is wrong the rule and the place, as a value may be a secret. */
function configurationOf({ intent, hash, files, diagnostics }: LoadedConfig): unknown {
  return {
    files,
    hash,
    diagnostics: diagnostics.map(({ rule, severity, place }) => ({
      rule,
      severity,
      place: place === undefined ? undefined : { file: place.file, line: place.line },
    })),
    intent: withoutWebhooks(intent),
  };
}

function withoutWebhooks(value: unknown): unknown {
  return JSON.parse(stableJson(value, 0), (key, inner: unknown) =>
    key === 'webhooks' && Array.isArray(inner) ? inner.map(withoutPath) : inner,
  );
}

/** The path of a webhook is often its key. */
function withoutPath(webhook: { readonly url: string }): unknown {
  const { host } = URL.canParse(webhook.url) ? new URL(webhook.url) : { host: '' };
  return { ...webhook, url: `${host}/[redacted]` };
}

function told(errors: string[], what: string, error: Error): undefined {
  errors.push(`${what}: ${error.message}`);
  return undefined;
}
