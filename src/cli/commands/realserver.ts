// lbctl realserver: makes this machine a quiet holder of VIPs, behind a balancer that answers for them.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { canonicalIp, isIp } from '../../lib/ip.ts';
import { TUNNEL_TYPES, type TunnelType } from '../../model/protocol.ts';
import type { Wanted } from '../../plan/system/balancer-items.ts';
import { ARP_WAYS, type ArpWay, PERSISTENCE, type RealServerRequest } from '../../plan/system/real-server.ts';
import { examples } from '../examples.ts';
import { outputOption } from '../output.ts';
import type { HostSettingsOptions } from '../run-host-settings.ts';
import type { Session } from '../session.ts';

interface RealServerOptions extends HostSettingsOptions {
  readonly vip: readonly string[];
  readonly mode: 'dr' | 'tunnel';
  readonly tunnel: TunnelType;
  readonly tunnelPort: number;
  readonly arp: ArpWay;
  readonly persist: RealServerRequest['persist'];
}

export function addRealserver(program: Command, session: Session): void {
  const realserver = program
    .command('realserver')
    .summary('prepare a backend host for dr or tunnel')
    .description(
      'Run on a backend host: puts the VIPs on loopback and keeps it from answering ARP for them, now and after a reboot. ' +
        'The VIPs named are all of them: one that is left out is taken away.',
    )
    .addHelpText(
      'after',
      examples([
        ['lbctl realserver plan --vip 192.0.2.10', 'what would change'],
        ['lbctl realserver apply --vip 192.0.2.10,2001:db8::10', 'direct return'],
        ['lbctl realserver apply --vip 192.0.2.10 --mode tunnel', 'also unwrap IPIP'],
        ['lbctl realserver revert', 'put it back'],
      ]),
    );
  withOptions(
    realserver
      .command('plan')
      .summary('show what would change')
      .description('Show what a real server of these addresses needs and what would change here.'),
  )
    .option('--detailed-exitcode', 'exit 3 when there are differences')
    .action(async (options: RealServerOptions, command: Command) => {
      const { planHostSettings } = await import('../run-host-settings.ts');
      await planHostSettings('realserver', await wantedFor(options, session), options, session, command);
    });
  withOptions(
    realserver
      .command('apply')
      .summary('make it so')
      .description(
        'Put the addresses on this host so that it answers for them and no other machine hears of it.',
      ),
  ).action(async (options: RealServerOptions, command: Command) => {
    const { applyHostSettings } = await import('../run-host-settings.ts');
    await applyHostSettings('realserver', await wantedFor(options, session), options, session, command);
  });
  realserver
    .command('revert')
    .summary('put back what was there before the first apply')
    .description('Take the addresses off and put back what was there before the first apply.')
    .addOption(outputOption())
    .action(async (options: HostSettingsOptions, command: Command) => {
      const { applyHostSettings, NOTHING } = await import('../run-host-settings.ts');
      await applyHostSettings('realserver', NOTHING, options, session, command);
    });
}

function withOptions(command: Command): Command {
  return command
    .addOption(outputOption())
    .addOption(
      new Option('--vip <addresses>', 'virtual addresses, comma-separated; may be repeated')
        .argParser(collectVips)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--mode <mode>', 'how the balancer sends').choices(['dr', 'tunnel']).default('dr'))
    .addOption(new Option('--tunnel <type>', 'wrapping of mode tunnel').choices(TUNNEL_TYPES).default('ipip'))
    .addOption(new Option('--tunnel-port <port>', 'UDP port of gue').argParser(parsePort).default(6080))
    .addOption(
      new Option('--arp <way>', 'how ARP is kept quiet: kernel settings, or an nftables table')
        .choices(ARP_WAYS)
        .default('sysctl'),
    )
    .addOption(
      new Option('--persist <way>', 'who sets it after a reboot; "auto" asks the machine')
        .choices(['auto', ...PERSISTENCE])
        .default('auto'),
    );
}

function collectVips(text: string, before: readonly string[] = []): readonly string[] {
  const vips = text.split(',').map((one) => one.trim());
  for (const vip of vips)
    if (!isIp(vip)) throw new InvalidArgumentError(`"${vip}" is no IP address (no prefix length, no name)`);
  return [...new Set([...before, ...vips.map(canonicalIp)])];
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError(`"${text}" is no port`);
  return port;
}

async function wantedFor(options: RealServerOptions, session: Session): Promise<Wanted> {
  const { requirePossible } = await import('../../plan/system/real-server.ts');
  const { realServerItems } = await import('../../plan/system/real-server-items.ts');
  const { vip, mode, tunnel, tunnelPort, arp, persist } = options;
  const request: RealServerRequest = { vips: vip, mode, tunnel, tunnelPort, arp, persist };
  const facts = (await session.toolbox.openHost()).realServerFacts();
  requirePossible(request, facts);
  return realServerItems(request, facts);
}
