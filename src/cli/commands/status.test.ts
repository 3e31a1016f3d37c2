// lbctl status against a real door, against no door, and against what is no door.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toolboxWith } from '../../../test/fixtures/cli-toolbox.ts';
import { EngineControl } from '../../../test/fixtures/engine-control.ts';
import { openDoor } from '../../../test/fixtures/rest-door.ts';
import { WEB_SITE } from '../../../test/fixtures/web-site.ts';
import type { Status } from '../../model/status.ts';
import { ALL_ENGINES } from '../../plan/assumed-facts.ts';
import { runCli } from '../run-cli.ts';

test('lbctl status tells node, addresses and listeners of a running daemon', async () => {
  const door = await openDoor(WEB_SITE);
  const text = toolboxWith({ nowMs: () => Date.now() });
  const wide = toolboxWith({ nowMs: () => Date.now() });
  const data = toolboxWith({ env: { LBCTL_SOCKET: door.socket } });
  try {
    assert.equal(await runCli(['status', '--socket', door.socket], text.toolbox), 0);
    assert.equal(await runCli(['status', '-o', 'wide', '--socket', door.socket], wide.toolbox), 0);
    assert.equal(await runCli(['status', '-o', 'json'], data.toolbox), 0);

    assert.match(
      text.out.join(''),
      /^node lb-a: ok\nconfiguration v1\nround 1 \(config\) \d+s ago: 4 steps in /,
    );
    assert.match(text.out.join(''), /^www +192\.0\.2\.10\/32 dev eth0 +active +here +Active$/m);
    assert.match(text.out.join(''), /^web +tcp\/192\.0\.2\.10:80 +memory +nat +2\/2 +ok +InService$/m);
    assert.doesNotMatch(text.out.join(''), /w1/);
    assert.match(wide.out.join(''), /^web +w1 +3 +3 +unknown +- +111 ms +NotChecked$/m);
    const status = JSON.parse(data.out.join('')) as Status;
    assert.equal(status.node, 'lb-a');
    assert.deepEqual(
      status.listeners[0]!.members.map(({ answers }) => answers?.histogram),
      [
        [{ upToMs: 1, count: 1 }, { upToMs: 10, count: 2 }, { upToMs: 100, count: 2 }, { count: 1 }],
        undefined,
      ],
    );
  } finally {
    await door.close();
  }
});

test('lbctl status finds the daemon of a configuration that has errors by what it has in force', async () => {
  const door = await openDoor(WEB_SITE);
  const asked: string[] = [];
  const probe = toolboxWith({
    loadConfig: async () => ({ diagnostics: [], files: [] }),
    loadKept: async (path) => {
      asked.push(path);
      return { ...WEB_SITE, api: { ...WEB_SITE.api, socket: door.socket } };
    },
    nowMs: () => Date.now(),
  });
  try {
    assert.equal(await runCli(['status', '-c', '/etc/lb.yaml'], probe.toolbox), 0);
    assert.match(probe.out.join(''), /^node lb-a: ok$/m);
    assert.deepEqual(asked, ['/etc/lb.yaml']);
  } finally {
    await door.close();
  }
});

test('lbctl status without a daemon shows the machine, says so, and ends with 6', async () => {
  const control = await EngineControl.begin(WEB_SITE);
  const planes = { drivers: [control.driver], engines: ALL_ENGINES, close: async () => undefined };
  const probe = toolboxWith({
    loadConfig: async () => ({ intent: WEB_SITE, diagnostics: [], files: [] }),
    openPlanes: async () => planes,
  });
  const lost = toolboxWith({});
  try {
    assert.equal(await runCli(['status', '--socket', '/nonexistent/api.sock'], probe.toolbox), 6);

    assert.equal(await runCli(['status', '--socket', '/nonexistent/api.sock'], lost.toolbox), 6);
    assert.match(probe.err.join(''), /^no daemon runs on "\/nonexistent\/api.sock"/);
    assert.match(lost.err.join(''), /^error\[UNREACHABLE\]: Cannot reach a daemon/);
    assert.match(probe.out.join(''), /listener tcp\/192\.0\.2\.10:80/);
  } finally {
    await control.close();
  }
});

test('lbctl status tells a door of something else from its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-cli-'));
  const socket = join(folder, 'other.sock');
  const server = createServer((_, response) => response.end('<html>hello</html>'));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const probe = toolboxWith({});
  try {
    assert.equal(await runCli(['status', '--socket', socket], probe.toolbox), 1);
    assert.match(probe.err.join(''), /as it is no JSON\n {2}hint: Is --socket really the socket of lbctl\?/);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
