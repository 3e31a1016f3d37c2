// The story of the demo: what happens, what the client saw of it, and the table at the end.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadReport } from '../programs/load.ts';
import { type DemoSite, NODES, SERVERS } from './site.ts';

export interface Scene {
  readonly title: string;
  readonly result: string;
  readonly requests: number;
  readonly failed: number;
}

export type Tell = (text: string) => void;

/** Every scene waits for something that is said or seen, and gives up after a bounded time. */
export async function tellStory(site: DemoSite, tell: Tell): Promise<readonly Scene[]> {
  const scenes: Scene[] = [];
  const scene = async (
    title: string,
    act: () => Promise<{ result: string; seen: LoadReport }>,
  ): Promise<void> => {
    tell(`\n> ${title}\n`);
    site.node('lb-a').log.skip();
    await site.seen();
    const { result, seen } = await act();
    scenes.push({ title, result, requests: seen.ok + seen.failed, failed: seen.failed });
    tell(`  ${result}; ${seen.ok} requests answered, ${seen.failed} failed\n`);
  };

  await scene('Traffic spreads over three web servers', async () => {
    await sleep(2000);
    const seen = await site.seen();
    return { result: spread(seen), seen };
  });
  await scene('web2 dies', async () => {
    const at = Date.now();
    await site.killServer('web2');
    const line = await site.node('lb-a').log.next('member changed', { member: 'web2', to: 'CheckFailed' });
    await sleep(1000);
    const seen = await site.seen();
    return { result: `out after ${Date.parse(line.time) - at} ms`, seen };
  });
  await scene('web2 comes back, through slow start', async () => {
    await site.startServer('web2');
    await site.node('lb-a').log.next('member changed', { member: 'web2', to: 'SlowStart' });
    await site.seen();
    await sleep(1500);
    const early = await site.seen();
    await site.node('lb-a').log.next('member changed', { member: 'web2', to: 'InService' });
    await site.seen();
    await sleep(1500);
    const late = await site.seen();
    return {
      result: `its share grew from ${share(early, 'web2')} to ${share(late, 'web2')}`,
      seen: add(early, late),
    };
  });
  await scene('An operator drains web3', async () => {
    await reloadBoth(site, 'drain');
    await site.node('lb-a').log.next('member changed', { member: 'web3', to: 'AdminDrain' });
    // The event tells the decision; the data plane follows within a moment.
    await sleep(300);
    await site.seen();
    await sleep(1500);
    const seen = await site.seen();
    await reloadBoth(site, 'enabled');
    await site.node('lb-a').log.next('config loaded');
    return { result: `web3 got ${seen.byServer.web3 ?? 0} new requests`, seen };
  });
  await scene('A broken configuration is loaded', async () => {
    const good = site.configText('lb-a');
    site.writeConfig('lb-a', good.replace('scheduler: wrr', 'scheduler: wrrr'));
    site.reload('lb-a');
    const line = await site.node('lb-a').log.next('config refused');
    site.writeConfig('lb-a', good);
    await sleep(1000);
    const where = /[^/]+:\d+/.exec(String(line.error))?.[0] ?? '';
    return { result: `refused at ${where}, the old one stays`, seen: await site.seen() };
  });
  await scene('A valid configuration that is wrong is taken back', async () => {
    const before = await newestRevision(site);
    site.writeConfig('lb-a', site.configText('lb-a', { web1: 'down', web2: 'down' }));
    site.reload('lb-a');
    await site.node('lb-a').log.next('member changed', { member: 'web2', to: 'AdminDown' });
    await sleep(300);
    const early = await site.seen();
    await sleep(500);
    const wrong = await site.seen();
    const at = performance.now();
    const { code, text } = await site.lbctl('lb-a', 'rollback', `${before}`, '--yes');
    if (code !== 0) throw new Error(`lbctl rollback ended with ${code}: ${text}`);
    const tookMs = Math.round(performance.now() - at);
    await sleep(500);
    const seen = add(add(early, wrong), await site.seen());
    site.writeConfig('lb-a', site.configText('lb-a'));
    const names = Object.keys(wrong.byServer).join(', ');
    return { result: `${names} alone served; "lbctl rollback ${before}" took ${tookMs} ms`, seen };
  });
  await scene('lb-a loses its network, and with it the address', async () => {
    site.node('lb-b').log.skip();
    const at = Date.now();
    site.cut('lb-a');
    const line = await site.node('lb-b').log.next('role changed', { to: 'active' });
    await sleep(2000);
    const seen = await site.seen();
    const moved = Date.parse(line.time) - at;
    return { result: `lb-b has it after ${moved} ms; longest gap ${seen.longestGapMs} ms`, seen };
  });
  return scenes;
}

/** Starts servers, nodes and the client; resolves when lb-a carries the address and answers. */
export async function raiseCurtain(site: DemoSite, tell: Tell): Promise<void> {
  tell('Starting three web servers, two balancers and a client in network namespaces ...\n');
  for (const name of SERVERS) await site.startServer(name);
  for (const node of NODES) site.writeConfig(node, site.configText(node));
  // Side by side: the first start after an installation compiles all of the source.
  await Promise.all(NODES.map((node) => site.startNode(node)));
  await site.node('lb-a').log.next('role changed', { to: 'active' });
  await sleep(500);
  await site.startLoad();
  await sleep(1000);
  await site.seen();
}

async function reloadBoth(site: DemoSite, web3: 'enabled' | 'drain'): Promise<void> {
  for (const node of NODES) {
    site.writeConfig(node, site.configText(node, { web3 }));
    site.reload(node);
  }
}

async function newestRevision(site: DemoSite): Promise<number> {
  const { text } = await site.lbctl('lb-a', 'history', '--last', '1', '-o', 'json');
  return (JSON.parse(text) as { items: { number: number }[] }).items[0]!.number;
}

function spread({ byServer }: LoadReport): string {
  return SERVERS.map((name) => `${name} ${byServer[name] ?? 0}`).join(', ');
}

function share(seen: LoadReport, name: string): string {
  return `${Math.round(((seen.byServer[name] ?? 0) / Math.max(1, seen.ok)) * 100)} %`;
}

function add(a: LoadReport, b: LoadReport): LoadReport {
  return { ...b, ok: a.ok + b.ok, failed: a.failed + b.failed };
}
