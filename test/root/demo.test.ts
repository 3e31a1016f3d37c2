// The demo as a person meets it: told to its end, broken off by Ctrl-C at any moment, and where it cannot run.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '../..');
const DEMO = ['--disable-warning=ExperimentalWarning', join(ROOT, 'lab/demo/main.ts')];
const LIMIT_MS = 150_000;

interface Running {
  readonly child: ChildProcess;
  text(): string;
}

/** In a process group of its own, so that a signal meets all of it, as Ctrl-C on a terminal does. */
function startDemo(env: NodeJS.ProcessEnv = process.env): Running {
  const child = spawn(process.execPath, DEMO, {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  return { child, text: () => text };
}

async function said({ child, text }: Running, wanted: string): Promise<void> {
  while (!text().includes(wanted)) {
    assert.equal(child.exitCode, null, text());
    await sleep(20);
  }
}

/** Whatever in the machine still bears the name of a demo of this process. */
function leftovers(pid: number): string[] {
  const lab = `sy-demo-${pid}-`;
  const ofThePid = new RegExp(`^sy-demo-.*\\b${pid}\\b`);
  const files = `lbctl-demo-${pid}-`;
  const namespaces = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n');
  const folders = [tmpdir(), '/sys/fs/bpf'].flatMap((folder) => readdirSync(folder));
  return [
    ...namespaces.filter((name) => ofThePid.test(name)),
    ...folders.filter((name) => name.startsWith(files)),
    ...commandLines().filter((line) => line.includes(files) || line.includes(lab)),
  ];
}

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}

test('the demo tells its story to the end and leaves nothing', { timeout: LIMIT_MS }, async () => {
  const demo = startDemo();

  const [code] = (await once(demo.child, 'close')) as [number];

  assert.equal(code, 0, demo.text());
  assert.match(demo.text(), /\nWhat happened +requests +failed +what came of it\n/);
  assert.deepEqual(leftovers(demo.child.pid!), []);
});

type Moment = readonly [name: string, wait: (demo: Running) => Promise<unknown>];
const MOMENTS: readonly Moment[] = [
  ['while Node starts', () => sleep(100)],
  ['while hosts and links are made', () => sleep(700)],
  ['while daemons start', (demo) => said(demo, 'Starting').then(() => sleep(400))],
  ['while a server is dead', (demo) => said(demo, '> web2 dies').then(() => sleep(300))],
];

for (const [name, wait] of MOMENTS)
  test(`Ctrl-C ${name} leaves nothing`, { timeout: LIMIT_MS }, async () => {
    const demo = startDemo();
    await wait(demo);

    process.kill(-demo.child.pid!, 'SIGINT');
    // People press it twice.
    await sleep(100);
    if (demo.child.exitCode === null && demo.child.signalCode === null)
      process.kill(-demo.child.pid!, 'SIGINT');
    if (demo.child.exitCode === null && demo.child.signalCode === null) await once(demo.child, 'exit');

    assert.ok(demo.child.signalCode === 'SIGINT' || demo.child.exitCode === 130, demo.text());
    assert.deepEqual(leftovers(demo.child.pid!), []);
  });

test('Ctrl-C while it asks whether namespaces can be made leaves nothing', {
  timeout: LIMIT_MS,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-slow-ip-'));
  const made = join(folder, 'made');
  const ip = execFileSync('sh', ['-c', 'command -v ip'], { encoding: 'utf8' }).trim();
  const slowly = `#!/bin/sh\n${ip} "$@"\nif [ "$2" = add ]; then touch ${made}; sleep 1; fi\n`;
  writeFileSync(join(folder, 'ip'), slowly, { mode: 0o755 });
  try {
    const demo = startDemo({ ...process.env, PATH: `${folder}:${process.env.PATH}` });
    while (!existsSync(made)) await sleep(20);

    process.kill(-demo.child.pid!, 'SIGINT');
    if (demo.child.signalCode === null) await once(demo.child, 'exit');

    assert.deepEqual(leftovers(demo.child.pid!), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a demo whose reader goes away ("| head") leaves nothing', { timeout: LIMIT_MS }, async () => {
  const demo = startDemo();
  await said(demo, '> Traffic');

  demo.child.stdout!.destroy();
  if (demo.child.exitCode === null) await once(demo.child, 'exit');

  assert.equal(demo.child.exitCode, 130, demo.text());
  assert.deepEqual(leftovers(demo.child.pid!), []);
});

test('a demo that stays ends with its terminal, though nobody passes the signal on', {
  timeout: LIMIT_MS,
}, async () => {
  const stay = `trap "" HUP; ${[process.execPath, ...DEMO].join(' ')} --stay; true`;
  const child = spawn('script', ['-qfec', stay, '/dev/null'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await said({ child, text: () => text }, 'kill -HUP');
  const pid = Number(/lbctl-demo-(\d+)-/.exec(text)![1]);

  child.kill('SIGKILL');
  while (existsSync(`/proc/${pid}`)) await sleep(100);

  assert.deepEqual(leftovers(pid), []);
});

test('what a killed demo left behind goes with the next one', { timeout: LIMIT_MS }, async () => {
  const killed = startDemo();
  await said(killed, '> Traffic');
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  assert.notDeepEqual(leftovers(killed.child.pid!), []);

  const next = startDemo();
  await said(next, '> Traffic');
  // As when the terminal closes.
  process.kill(-next.child.pid!, 'SIGHUP');
  await once(next.child, 'exit');

  assert.deepEqual([...leftovers(killed.child.pid!), ...leftovers(next.child.pid!)], []);
});

const NO_ROOT = ['--reuid=65534', '--regid=65534', '--clear-groups'];
/** The checkout may be in a folder of root alone. */
const MAY_READ = ['--inh-caps=-all,+dac_read_search', '--ambient-caps=+dac_read_search'];
/** As Node says it elsewhere. Its options know no quotes. */
const ON_DARWIN = '--import=data:text/javascript,Object.defineProperty(process,`platform`,{value:`darwin`})';
const WITHOUT_IP = mkdtempSync(join(tmpdir(), 'demo-without-ip-'));
for (const program of ['sh', 'dirname', 'make', 'env', 'sed', 'cat', 'readlink', 'uname', 'awk'])
  symlinkSync(
    execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim(),
    join(WITHOUT_IP, program),
  );
after(() => rmSync(WITHOUT_IP, { recursive: true }));
type Unable = readonly [
  name: string,
  why: RegExp,
  drop: readonly string[],
  env?: Readonly<Record<string, string>>,
];
const UNABLE: readonly Unable[] = [
  ['a user who is not root', /but you are not root here\./, [...NO_ROOT, ...MAY_READ]],
  ['a container that may not make namespaces', /namespaces cannot be made/, ['--bounding-set=-sys_admin']],
  ['a system that is not Linux', /but this is darwin\./, [], { NODE_OPTIONS: ON_DARWIN }],
  ['a machine without iproute2', /but the program "ip" \(iproute2\) is missing\./, [], { PATH: WITHOUT_IP }],
];

for (const [name, why, drop, env] of UNABLE)
  test(`${name} gets a paragraph and the demo on the memory engine`, () => {
    const { status, stdout, stderr } = spawnSync('/usr/bin/setpriv', [...drop, '/bin/sh', 'tools/demo.sh'], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, HOME: '/nonexistent', XDG_CACHE_HOME: '/nonexistent', ...env },
    });

    assert.equal(status, 0, `${stdout}${stderr}`);
    assert.match(stdout, why);
    assert.match(stdout, /\nApplied: \d+ done, 0 failed\n/);
  });
