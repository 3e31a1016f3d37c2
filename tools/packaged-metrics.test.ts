// Alert rules and dashboard name only metrics and labels that exist: a renamed metric must not leave a silent alert.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { METRICS, type Metric } from '../src/doors/metrics/families.ts';
import { ROOT } from './lib/finding.ts';

const KNOWN = new Map(Object.values(METRICS as Record<string, Metric>).map((one) => [one.name, one]));

/** Every metric of ours in an expression, with the labels its own braces select by. */
function metricsIn(expression: string): { name: string; labels: string[] }[] {
  return [...expression.matchAll(/\b(lbctl_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', inner = '']) => ({
    name,
    labels: [...inner.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));
}

function holdToList(expression: string): void {
  const found = metricsIn(expression);
  for (const { name, labels } of found) {
    const metric = KNOWN.get(name) ?? KNOWN.get(name.replace(/_(bucket|sum|count)$/, ''));
    assert.ok(metric !== undefined, `"${name}" of "${expression}" does not exist`);
    for (const label of labels) assert.ok(metric.labels.includes(label), `"${name}" has no label "${label}"`);
    if (metric.type === 'counter')
      assert.match(expression, /\b(rate|increase)\(/, `"${name}" grows for ever: "${expression}"`);
  }
}

test('every alert rests on metrics that exist, and says what to do', () => {
  const text = readFileSync(join(ROOT, 'packaging/prometheus/lbctl-alerts.yaml'), 'utf8');
  const { groups } = parse(text) as {
    groups: {
      rules: { alert: string; expr: string; labels: object; annotations: Record<string, string> }[];
    }[];
  };
  const rules = groups.flatMap((group) => group.rules);

  assert.ok(rules.length > 10);
  assert.equal(new Set(rules.map((rule) => rule.alert)).size, rules.length);
  for (const { alert, expr, annotations } of rules) {
    assert.match(alert, /^Lbctl[A-Z]\w+$/);
    assert.ok(annotations.summary && annotations.description, alert);
    if (!expr.startsWith('up{')) assert.ok(metricsIn(expr).length > 0, alert);
    holdToList(expr);
  }
});

test('every panel of the dashboard rests on metrics that exist', () => {
  const board = JSON.parse(readFileSync(join(ROOT, 'packaging/grafana/lbctl.json'), 'utf8')) as {
    panels: { id: number; targets: { expr: string }[]; gridPos: { x: number; w: number } }[];
  };

  assert.ok(board.panels.length >= 12);
  assert.equal(new Set(board.panels.map((panel) => panel.id)).size, board.panels.length);
  for (const panel of board.panels) {
    assert.ok(panel.gridPos.x + panel.gridPos.w <= 24);
    for (const { expr } of panel.targets) holdToList(expr);
  }
});
