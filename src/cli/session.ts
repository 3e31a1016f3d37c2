// One run of the command line: the toolbox, the options every command has, and the code it will end with.
import type { Command } from 'commander';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { ExitCode } from './exit-code.ts';
import type { Toolbox } from './toolbox.ts';

export const DEFAULT_CONFIG = '/etc/lbctl/config.yaml';
export const COLOUR_CHOICES = ['auto', 'always', 'never'] as const;
export type ColourChoice = (typeof COLOUR_CHOICES)[number];

interface GlobalOptions {
  readonly config?: string;
  readonly color?: ColourChoice;
}

export class Session {
  readonly toolbox: Toolbox;
  exitCode: ExitCode = 0;

  constructor(toolbox: Toolbox) {
    this.toolbox = toolbox;
  }

  /** The option, else the environment, else where packages put it. */
  configPath(command: Command): string {
    const { config } = command.optsWithGlobals<GlobalOptions>();
    return config ?? (this.toolbox.env.LBCTL_CONFIG || DEFAULT_CONFIG);
  }

  colour(command: Command, stream: 'stdout' | 'stderr' = 'stdout'): boolean {
    return wantsColour(
      command.optsWithGlobals<GlobalOptions>().color ?? 'auto',
      this.toolbox.env,
      this.toolbox[stream].isTTY,
    );
  }

  /** Warnings that do not stop a command. */
  async warn(diagnostics: readonly Diagnostic[], command: Command): Promise<void> {
    if (diagnostics.length === 0) return;
    const { toolbox } = this;
    const options = { colour: this.colour(command, 'stderr'), width: toolbox.stdout.columns };
    this.tell(await toolbox.renderDiagnostics(diagnostics, options));
  }

  print(text: string): void {
    this.toolbox.stdout.write(text);
  }

  tell(text: string): void {
    this.toolbox.stderr.write(text);
  }
}

/** What the person says on the command line wins over NO_COLOR (no-color.org), and that over the terminal. */
export function wantsColour(
  choice: ColourChoice,
  env: Readonly<Record<string, string | undefined>>,
  isTTY: boolean,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return isTTY && env.TERM !== 'dumb';
}
