// Servers from "show servers state": what reads the same stays the same value, whatever the clock says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readServers } from './servers.ts';

const HEAD =
  '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n';

interface Line {
  readonly backend?: string;
  readonly name: string;
  readonly weight?: number;
  readonly operation?: number;
  readonly admin?: number;
  readonly seconds?: number;
  readonly port?: number;
}

function text(lines: readonly Line[]): string {
  const rows = lines.map(
    ({ backend = 'be', name, weight = 1, operation = 2, admin = 0, seconds = 5, port = 80 }) =>
      `3 ${backend} 1 ${name} 10.0.0.1 ${operation} ${admin} ${weight} 1 ${seconds} 1 0 3 4 6 0 0 - ${port} - 0 0 - - 0`,
  );
  return `${HEAD}${rows.join('\n')}\n`;
}

const TWO: readonly Line[] = [{ name: 'a' }, { name: 'b' }, { backend: 'other', name: 'a' }];

test('readServers() reads address, port, weight and state by backend and name', () => {
  const servers = readServers(text([...TWO, { backend: 'other', name: 'm', admin: 1, weight: 0 }]));

  assert.deepEqual([...servers.keys()], ['be', 'other']);
  assert.deepEqual(servers.get('be')!.byName.get('a'), {
    address: '10.0.0.1',
    port: 80,
    weight: 1,
    state: 'ready',
  });
  assert.equal(servers.get('other')!.byName.get('m')!.state, 'maint');
});

test('readServers() shows a server that began as disabled ready once nothing else holds it', () => {
  const servers = readServers(
    text([
      { name: 'out', admin: 5 },
      { name: 'in', admin: 4 },
    ]),
  );

  assert.equal(servers.get('be')!.byName.get('out')!.state, 'maint');
  assert.equal(servers.get('be')!.byName.get('in')!.state, 'ready');
});

test('readServers() keeps backends of which only the seconds went on', () => {
  const before = readServers(text(TWO));
  const later = readServers(text(TWO.map((one) => ({ ...one, seconds: 12345 }))), before);

  for (const [name, backend] of before) assert.equal(later.get(name), backend);
});

test('readServers() makes a backend anew when anything of it differs', () => {
  const before = readServers(text(TWO));
  const changes: readonly (readonly Line[])[] = [
    [{ name: 'a', weight: 2 }, TWO[1]!, TWO[2]!],
    [{ name: 'a', port: 81 }, TWO[1]!, TWO[2]!],
    [{ name: 'a', admin: 1 }, TWO[1]!, TWO[2]!],
    [TWO[1]!, TWO[0]!, TWO[2]!],
    [TWO[0]!, TWO[2]!],
    [TWO[0]!, TWO[1]!, { name: 'c' }, TWO[2]!],
  ];
  for (const lines of changes) {
    const now = readServers(text(lines), before);

    assert.notEqual(now.get('be'), before.get('be'));
    assert.equal(now.get('other'), before.get('other'));
    assert.deepEqual(now, readServers(text(lines)));
  }
  assert.deepEqual([...readServers(text([TWO[2]!]), before).keys()], ['other']);
  assert.equal(readServers(text([TWO[2]!, TWO[0]!, TWO[1]!]), before).get('be'), before.get('be'));
});

test('readServers() says for how long HAProxy itself has a server out, and counts on', () => {
  const out = (seconds: number) => text([{ name: 'a', operation: 0, seconds }, TWO[1]!]);
  const before = readServers(out(3));
  const later = readServers(out(4), before);

  assert.equal(before.get('be')!.byName.get('a')!.outForSeconds, 3);
  assert.equal(later.get('be')!.byName.get('a')!.outForSeconds, 4);
  assert.equal(later.get('be')!.byName.get('b')!.outForSeconds, undefined);
  // In maintenance it is stopped because we say so.
  const maint = readServers(text([{ name: 'a', operation: 0, admin: 1 }]));
  assert.equal(maint.get('be')!.byName.get('a')!.outForSeconds, undefined);
});
