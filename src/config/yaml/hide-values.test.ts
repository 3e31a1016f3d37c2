// hideValues(): no value of a secret key stays, however it is written; everything else does, line by line and column by column.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hideValues } from './hide-values.ts';

const TEXT = `
notifications:
  webhooks:
    - url: https://ops:HUSH@hooks.example.com/services/HUSH?x=HUSH
      secret: { file: /etc/lbctl/hook.key }
    - { url: "https://plain.example.com", secret: { env: HOOK, default: HUSH } }
pools:
  - name: web
    health:
      - type: http
        headers: { Host: shown, Authorization: "Bearer HUSH", X-Key: HUSH }
        path: /shown?key=HUSH
      - { type: tcp, send: "AUTH HUSH" }
      - type: script
        command:
          - /shown/probe
          - --password=HUSH
          - "--user"
          - 'HUSH'
          - -pHUSH
      - type: script
        command: [/shown/probe, -p, HUSH]
        environment:
          PASSWORD:
            HUSH
          ODD: |
            HUSH HUSH
            HUSH
          FILE: { file: /shown }
    quorum: { on_up: "/shown/up  HUSH 'HUSH HUSH'", on_down: /shown/down }
certificates:
  - name: shown
    key_pem: "HUSH
      HUSH"
`;

test('hideValues() blots out secrets over lines, in blocks and under any name, and nothing else', () => {
  const hidden = hideValues(TEXT);

  assert.doesNotMatch(hidden, /HUSH/);
  assert.equal(hidden.length, TEXT.length);
  assert.equal(hidden.replaceAll(/\S/g, 'x'), TEXT.replaceAll(/\S/g, 'x'));
  assert.equal(hidden.match(/shown/g)?.length, 8);
  for (const kept of [
    '--password=****',
    '"--user"',
    ', -p, ****]',
    '/etc/lbctl/hook.key',
    'env: HOOK',
    'hooks.example.com',
    '"https://plain.example.com"',
  ])
    assert.ok(hidden.includes(kept), kept);
});

test('hideValues() leaves a text alone that is no YAML', () => {
  assert.equal(hideValues('a: [1\nb: }'), 'a: [1\nb: }');
});
