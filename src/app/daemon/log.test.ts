// The daemon's log: its level, as the configuration says and as somebody sets it meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoggingSettings } from '../../model/settings.ts';
import { openLog } from './log.ts';

const INFO: LoggingSettings = { level: 'info', format: 'text', console: true };

test('setSettings() keeps the level set at run time until the configuration names another one', () => {
  const log = openLog(INFO, 'lb-a', () => undefined);
  log.setLevel('debug');
  log.setSettings({ ...INFO }, 'lb-a');
  assert.deepEqual([log.level, log.logger.level], ['debug', 'debug']);

  log.setSettings({ ...INFO, format: 'json', level: 'warn' }, 'lb-a');
  assert.deepEqual([log.level, log.logger.level], ['warn', 'warn']);
});
