// The composition root of the command line: real files, real drivers, the real terminal behind the toolbox's ports.
// What is heavy is imported when it is asked for, so that small commands start fast.
import type { FormattedConfig, ImportedConfig, LoadedConfig, Toolbox } from '../cli/toolbox.ts';
import type { ParsedFile } from '../config/source.ts';
import { hasErrors } from '../model/diagnostic.ts';
import { loadLab, selfArgv, versionOf } from './shipped.ts';
import type { ClaimSignals } from './signals.ts';

/** Where no terminal says how wide it is. */
const DEFAULT_COLUMNS = 100;

export function createToolbox(claimSignals: ClaimSignals): Toolbox {
  const { env, stdout, stderr } = process;
  return {
    version: versionOf(),
    loadConfig,
    formatConfig,
    importKeepalived,
    async renderDiagnostics(diagnostics, options) {
      const { renderDiagnostics } = await import('../config/diagnostics/render-diagnostics.ts');
      return renderDiagnostics(diagnostics, options);
    },
    async configSchema() {
      const { configJsonSchema } = await import('../config/schema/json-schema.ts');
      return configJsonSchema();
    },
    async openPlanes(choice, intent) {
      const { openPlanes } = await import('./planes.ts');
      return openPlanes(choice, intent);
    },
    async applyPlan(planes, plan) {
      const { applyOnce } = await import('./apply-once.ts');
      return applyOnce(planes, plan);
    },
    async openHost() {
      const { NativeHostTools } = await import('../kernel/system/native-host-tools.ts');
      return new NativeHostTools();
    },
    async loadKept(path, secrets) {
      const { keptIntent } = await import('./daemon/config/kept-intent.ts');
      const { openSource } = await import('./daemon/config/open-source.ts');
      return keptIntent(openSource(path, secrets), path);
    },
    async runDaemon(command) {
      const { runDaemon } = await import('./daemon/run-daemon.ts');
      const { openSource } = await import('./daemon/config/open-source.ts');
      const { openLogOutput } = await import('./daemon/log-output.ts');
      const { memoryMachine, openMachine } = await import('./machine.ts');
      const inMemory = command.engine === 'memory';
      await runDaemon({
        ...command,
        version: versionOf(),
        source: openSource(command.configPath, inMemory ? 'wished' : 'needed'),
        openMachine: (intent) => (inMemory ? memoryMachine() : openMachine(intent, 'serve')),
        claimSignals,
        write: openLogOutput(stdout),
        env,
      });
    },
    async openPki(folder) {
      const { FolderPki } = await import('./pki/pki.ts');
      return new FolderPki(folder, () => Date.now());
    },
    async runTool(command) {
      const { runTool } = await import('./run-tool.ts');
      return runTool(command);
    },
    async writePrivate(path, content) {
      const { writePrivateFile } = await import('./text-files.ts');
      await writePrivateFile(path, content);
    },
    async openLab() {
      const { LabTool } = await loadLab();
      return new LabTool({ lbctl: selfArgv(), claimSignals });
    },
    async readText(path) {
      const { readTextFile } = await import('./text-files.ts');
      return readTextFile(path);
    },
    async writeText(path, text) {
      const { writeTextFile } = await import('./text-files.ts');
      await writeTextFile(path, text);
    },
    nowMs: () => Date.now(),
    stdout: {
      write: (text) => void stdout.write(text),
      isTTY: stdout.isTTY === true,
      columns: stdout.columns ?? DEFAULT_COLUMNS,
      readerGone: readerGone(stdout),
    },
    stdin: { isTTY: process.stdin.isTTY === true },
    stderr: { write: (text) => void stderr.write(text), isTTY: stderr.isTTY === true },
    env,
  };
}

/** A pipe says only at a write that its reader has gone. */
function readerGone(stream: NodeJS.WriteStream): AbortSignal {
  const gone = new AbortController();
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') gone.abort();
  });
  return gone.signal;
}

async function loadConfig(
  path: string,
  secrets: 'needed' | 'wished' = 'wished',
  objects: 'without' | 'kept' | { readonly of: string } = 'without',
): Promise<LoadedConfig> {
  const { openSource } = await import('./daemon/config/open-source.ts');
  const source = openSource(path, secrets);
  const read = await source.read();
  const files = read.files.map((file) => file.source.file);
  // With a file missing, what names something in it would be told as wrong too.
  if (hasErrors(read.diagnostics)) return { diagnostics: read.diagnostics, files };
  const mainPath = typeof objects === 'object' ? objects.of : path;
  const kept = objects === 'without' ? undefined : await lookForKept(read.files, mainPath);
  const beside = kept?.objects ?? [];
  const { intent, hash, diagnostics } = source.load(read.files, beside);
  return {
    ...(intent === undefined ? {} : { intent }),
    ...(hash === undefined ? {} : { hash }),
    diagnostics: [...read.diagnostics, ...diagnostics],
    files,
    apiObjects: beside.length,
    ...(kept?.another === undefined ? {} : { another: kept.another }),
  };
}

async function lookForKept(files: readonly ParsedFile[], mainPath: string) {
  const { keptForAnother, keptRevision } = await import('./daemon/config/kept-revision.ts');
  const own = await keptRevision(files, mainPath);
  return own === undefined
    ? { objects: [], another: await keptForAnother(files, mainPath) }
    : { objects: own.objects, another: undefined };
}

async function formatConfig(file: string, text: string): Promise<FormattedConfig> {
  const { parseYaml } = await import('../config/yaml/parse-yaml.ts');
  const { formatConfig: format } = await import('../config/format/format-config.ts');
  const parsed = parseYaml({ file, text, role: 'main' });
  if (!parsed.ok) return { diagnostics: parsed.diagnostics };
  const formatted = format(parsed.file);
  return { text: formatted.text, diagnostics: [...parsed.warnings, ...formatted.diagnostics] };
}

async function importKeepalived(path: string, configId?: string): Promise<ImportedConfig> {
  const { importKeepalived: run } = await import('../config/import/keepalived/import-keepalived.ts');
  const { readKeepalivedInclude, readTextFile } = await import('./text-files.ts');
  const text = await readTextFile(path);
  const { yaml, diagnostics, report } = run({
    file: path,
    text,
    readInclude: readKeepalivedInclude,
    ...(configId === undefined ? {} : { configId }),
  });
  const notes = report.map(({ what, note, ...rest }) => ({ ...rest, kind: what, message: note }));
  return { text: yaml, notes, diagnostics };
}
