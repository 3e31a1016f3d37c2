// Man pages from the command tree: lbctl(1) and one for each command, with the commands inside it.
import type { Command, Option } from 'commander';
import { ENVIRONMENT } from '../src/cli/environment.ts';
import { EXIT_CODES } from '../src/cli/exit-code.ts';
import { paragraph, roffText } from './roff.ts';

export interface ManPage {
  /** `lbctl-plan.1` */
  readonly name: string;
  readonly text: string;
}

export interface ManOptions {
  readonly version: string;
  /** `2026-11-21`; a page without a fixed date would differ in each build. */
  readonly date: string;
}

const FILES = [
  ['/etc/lbctl/config.yaml', 'the configuration; files of config.d/ beside it are read too'],
  ['/var/lib/lbctl/', 'state that outlives a restart'],
  ['/run/lbctl/', 'lock and sockets of the daemon'],
] as const;
/** A daemon belongs to section 8, what a person types to section 1. */
function sectionOf(command: Command): number {
  return command.name() === 'daemon' ? 8 : 1;
}

export function manPages(program: Command, options: ManOptions): ManPage[] {
  const commands = visible(program);
  return [
    pageOf(program, options, commands),
    ...commands.map((command) => pageOf(command, options, visible(command))),
  ];
}

function pageOf(command: Command, options: ManOptions, children: readonly Command[]): ManPage {
  const name = pathOf(command).replaceAll(' ', '-');
  const section = sectionOf(command);
  const lines = [
    titleLine(name, section, options),
    '.SH NAME',
    `${roffText(name)} \\- ${roffText(command.summary() || firstSentence(command.description()))}`,
    '.SH SYNOPSIS',
    ...synopsis(command),
    '.SH DESCRIPTION',
    ...paragraph(command.description()),
    ...optionList(command.options, 'OPTIONS'),
    ...children.flatMap((child) => subcommand(child, command.parent === null)),
    ...examplesOf(command),
    ...(command.parent === null
      ? closing(command, children)
      : seeAlso([
          ['lbctl', 1],
          ['lbctl.yaml', 5],
        ])),
  ];
  return { name: `${name}.${section}`, text: `${lines.join('\n')}\n` };
}

export function titleLine(name: string, section: number, { version, date }: ManOptions): string {
  return `.TH "${roffText(name.toUpperCase())}" "${section}" "${date}" "Steelyard ${version}" "Steelyard"`;
}

function visible(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function firstSentence(text: string): string {
  return (text.split(/[.;:] /)[0] ?? text).replace(/\.$/, '');
}

function synopsis(command: Command): string[] {
  const words = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const rest = [command.commands.length > 0 ? 'COMMAND' : '', ...words, '[OPTIONS]'].filter(
    (word) => word !== '',
  );
  return [`\\fB${roffText(pathOf(command))}\\fR ${roffText(rest.join(' '))}`];
}

function optionList(options: readonly Option[], title: string): string[] {
  const shown = options.filter((option) => !option.hidden);
  if (shown.length === 0) return [];
  return [`.SH ${title}`, ...shown.flatMap(optionItem)];
}

function optionItem(option: Option): string[] {
  const choices = option.argChoices === undefined ? '' : `: ${option.argChoices.join(', ')}`;
  const fallback = option.defaultValue === undefined ? '' : ` (default ${String(option.defaultValue)})`;
  return item(option.flags, `${option.description}${choices}${fallback}`);
}

/** A command of a command stands on its parent's page; one of the program has a page of its own. */
function subcommand(command: Command, hasPage: boolean): string[] {
  if (hasPage) return [];
  const options = command.options.filter((option) => !option.hidden);
  return [
    `.SH "${roffText(pathOf(command).toUpperCase())}"`,
    ...synopsis(command),
    ...(command.description() === '' ? [] : ['.PP', ...paragraph(command.description())]),
    ...options.flatMap(optionItem),
    ...examplesOf(command, '.PP'),
  ];
}

function item(head: string, text: string): string[] {
  return ['.TP', `\\fB${roffText(head)}\\fR`, ...paragraph(text)];
}

/** What the help prints after the options: "Examples:" and lines of two columns. */
function examplesOf(command: Command, heading = '.SH EXAMPLES'): string[] {
  let help = '';
  const before = command.configureOutput();
  command.configureOutput({ ...before, writeOut: (part) => (help += part) });
  command.outputHelp();
  command.configureOutput(before);
  const at = help.indexOf('\nExamples:\n');
  if (at === -1) return [];
  const lines = help
    .slice(at + '\nExamples:\n'.length)
    .trimEnd()
    .split('\n');
  return [heading, '.nf', ...lines.map((line) => roffText(line.trim())), '.fi'];
}

function closing(program: Command, commands: readonly Command[]): string[] {
  const list = (title: string, rows: readonly (readonly [string, string])[]): string[] => [
    `.SH ${title}`,
    ...rows.flatMap(([head, text]) => item(head, text)),
  ];
  return [
    '.SH COMMANDS',
    ...commands.flatMap((command) =>
      item(`lbctl-${command.name()}(${sectionOf(command)})`, command.summary() || command.description()),
    ),
    ...list('ENVIRONMENT', Object.entries(ENVIRONMENT)),
    ...list('FILES', FILES),
    ...list('EXIT STATUS', Object.entries(EXIT_CODES)),
    ...seeAlso([
      ...commands.map((command) => [`${program.name()}-${command.name()}`, sectionOf(command)] as const),
      ['lbctl.yaml', 5],
    ]),
  ];
}

function seeAlso(pages: readonly (readonly [name: string, section: number])[]): string[] {
  const words = pages.map(([name, section]) => `\\fB${roffText(name)}\\fR(${section})`);
  return ['.SH SEE ALSO', words.join(',\n')];
}
