// lbctl system: prepares this machine's kernel for the configuration, and puts back what was there.
import type { Command } from 'commander';
import type { Wanted } from '../../plan/system/balancer-items.ts';
import { examples } from '../examples.ts';
import { loadIntent } from '../load-intent.ts';
import { outputOption } from '../output.ts';
import type { HostSettingsOptions } from '../run-host-settings.ts';
import type { Session } from '../session.ts';

export function addSystem(program: Command, session: Session): void {
  const system = program
    .command('system')
    .summary('prepare this machine: modules, sysctls')
    .description(
      'Kernel modules and sysctls that the configuration needs, by its "system.tuning_profile": live, and in files that ' +
        'survive a reboot. What was there before is kept for "revert".',
    )
    .addHelpText(
      'after',
      examples([
        ['lbctl system plan -c web.yaml', 'what would change, with the lines of files'],
        ['lbctl system apply -c web.yaml', 'change it, keep what was there'],
        ['lbctl system revert', 'put it back'],
      ]),
    );
  system
    .command('plan')
    .summary('show what would change')
    .description(
      'Show what the configuration asks of this machine and what would change, with the lines of files.',
    )
    .addOption(outputOption())
    .option('--detailed-exitcode', 'exit 3 when there are differences')
    .action(async (options: HostSettingsOptions, command: Command) => {
      const { planHostSettings } = await import('../run-host-settings.ts');
      await planHostSettings('system', await wantedFor(session, command), options, session, command);
    });
  system
    .command('apply')
    .summary('make it so')
    .description(
      'Load the modules and set the kernel settings that the configuration asks for, also for the next boot.',
    )
    .addOption(outputOption())
    .action(async (options: HostSettingsOptions, command: Command) => {
      const { applyHostSettings } = await import('../run-host-settings.ts');
      await applyHostSettings('system', await wantedFor(session, command), options, session, command);
    });
  system
    .command('revert')
    .summary('put back what was there before the first apply')
    .description('Put back the settings and files that were there before the first apply.')
    .addOption(outputOption())
    .action(async (options: HostSettingsOptions, command: Command) => {
      const { applyHostSettings, NOTHING } = await import('../run-host-settings.ts');
      await applyHostSettings('system', NOTHING, options, session, command);
    });
}

async function wantedFor(session: Session, command: Command): Promise<Wanted> {
  const intent = await loadIntent(session, command);
  const { resolve } = await import('../../plan/resolve.ts');
  const { preparedFacts } = await import('../../plan/system/prepared-facts.ts');
  const { balancerItems } = await import('../../plan/system/balancer-items.ts');
  const { toolbox } = session;
  const kernelHasIpvs = (await toolbox.openHost()).hasModule('ip_vs');
  return balancerItems(intent, resolve(intent, preparedFacts(intent, toolbox.nowMs(), kernelHasIpvs)));
}
