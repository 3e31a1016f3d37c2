// What a write of an object means, judged when its turn comes: there or not, the state the caller saw, who may change it. Pure.
import type { ConfigObject, ObjectEdit, ObjectKind, ObjectView, Spec } from '../../engine/config-port.ts';
import { InputError } from '../../model/errors.ts';

/** Whether objects of files may be changed here ("api.writable_files"). */
export interface EditRules {
  readonly writableFiles: boolean;
}

export interface Target {
  readonly kind: ObjectKind;
  readonly name: string;
}

/** `"TAG.REST"` or `"TAG"`, a list of them, or `*`. */
export function requireMatch(ifMatch: string | undefined, tag: string, what: string): void {
  if (ifMatch === undefined)
    throw new InputError('ETAG_MISSING', `Cannot change ${what} without "If-Match"`, {
      details: { etag: `"${tag}"` },
    });
  const same = ifMatch.split(',').some((one) => {
    const given = one.trim().replace(/^W\//, '').replaceAll('"', '');
    return given === '*' || given === tag || given.split('.', 1)[0] === tag;
  });
  if (same) return;
  throw new InputError('ETAG_STALE', `Cannot change ${what} as it was changed in the meantime`, {
    details: { etag: `"${tag}"` },
  });
}

export function requireWritable({ kind, name, source }: ConfigObject, rules: EditRules): void {
  if (source.kind === 'api' || (source.kind === 'file' && rules.writableFiles)) return;
  if (source.kind === 'listener')
    throw new InputError(
      'OBJECT_FROM_FILE',
      `Cannot change ${kind} "${name}" by itself as listener "${source.listener}" makes it`,
      { hint: `Change listener "${source.listener}", or its members under /v1/pools/${name}/members` },
    );
  throw new InputError(
    'OBJECT_FROM_FILE',
    `Cannot change ${kind} "${name}" as it stands in ${source.file}:${source.line}`,
  );
}

export function create(view: ObjectView, { kind, name }: Target, spec: Spec): ObjectEdit[] {
  if (view.get(kind, name) !== undefined)
    throw new InputError('OBJECT_EXISTS', `Cannot create ${kind} "${name}" as there is one`);
  return [{ kind, name, spec }];
}

/** Also what makes it where there is none, unless the caller has seen one. */
export function replace(
  view: ObjectView,
  { kind, name }: Target,
  spec: Spec,
  ifMatch: string | undefined,
  rules: EditRules,
): ObjectEdit[] {
  const found = view.get(kind, name);
  if (found === undefined) {
    if (ifMatch === undefined) return [{ kind, name, spec }];
    throw new InputError('ETAG_STALE', `Cannot replace ${kind} "${name}" as it is gone`);
  }
  requireWritable(found, rules);
  requireMatch(ifMatch, found.tag, `${kind} "${name}"`);
  return [{ kind, name, spec }];
}

export function change(
  view: ObjectView,
  { kind, name }: Target,
  make: (spec: Spec) => Spec,
  ifMatch: string | undefined,
  rules: EditRules,
): ObjectEdit[] {
  const found = requireObject(view, { kind, name });
  requireWritable(found, rules);
  requireMatch(ifMatch, found.tag, `${kind} "${name}"`);
  return [{ kind, name, spec: make(view.raw(kind, name) ?? { name }) }];
}

export function remove(
  view: ObjectView,
  target: Target,
  ifMatch: string | undefined,
  cascade: boolean,
  rules: EditRules,
): ObjectEdit[] {
  const found = requireObject(view, target);
  requireWritable(found, rules);
  requireMatch(ifMatch, found.tag, `${target.kind} "${target.name}"`);
  const gone = new Map<string, Target>([[keyOf(target), target]]);
  if (cascade) withDependants(view, target, gone, rules);
  // Beneath an object of the API the one of the file comes to light again, and users go on with it.
  if (found.source.kind === 'api' && view.isInFile(target.kind, target.name))
    return [{ ...target, spec: undefined }];
  const users = view.usersOf(target.kind, target.name).filter((one) => !gone.has(keyOf(one)));
  if (users.length > 0) throw inUse(view, target, users);
  if (cascade && target.kind === 'listener') withOrphans(view, target, gone, rules);
  return [...gone.values()].map(({ kind, name }) => ({ kind, name, spec: undefined }));
}

/** Users of another project are there and stay unnamed. */
function inUse(view: ObjectView, target: Target, all: readonly Target[]): InputError {
  const users = all.filter((one) => view.get(one.kind, one.name) !== undefined);
  const [first] = users;
  const by = first === undefined ? 'an object outside its project' : `${first.kind} "${first.name}"`;
  return new InputError('OBJECT_IN_USE', `Cannot delete ${target.kind} "${target.name}" as ${by} uses it`, {
    details: { users },
  });
}

export function requireObject(view: Pick<ObjectView, 'get'>, { kind, name }: Target): ConfigObject {
  const found = view.get(kind, name);
  if (found !== undefined) return found;
  throw new InputError('NOT_FOUND', `Cannot find ${kind} "${name}" in the configuration`, {
    hint: `GET /v1/${kind}s lists them`,
  });
}

function keyOf({ kind, name }: Target): string {
  return `${kind}/${name}`;
}

/** Whatever refers to it, and what refers to that. */
function withDependants(
  view: ObjectView,
  { kind, name }: Target,
  gone: Map<string, Target>,
  rules: EditRules,
): void {
  for (const user of view.usersOf(kind, name)) {
    const found = view.get(user.kind, user.name);
    if (found === undefined || gone.has(keyOf(user))) continue;
    requireWritable(found, rules);
    gone.set(keyOf(user), user);
    withDependants(view, user, gone, rules);
  }
}

/** What a listener alone used goes with it, as far as it came through the API. */
function withOrphans(view: ObjectView, { name }: Target, gone: Map<string, Target>, rules: EditRules): void {
  for (const target of referencesOfListener(view.raw('listener', name) ?? {})) {
    const found = view.get(target.kind, target.name);
    if (found === undefined || found.source.kind !== 'api') continue;
    if (view.usersOf(target.kind, target.name).some((user) => !gone.has(keyOf(user)))) continue;
    requireWritable(found, rules);
    gone.set(keyOf(target), target);
  }
}

function referencesOfListener({ vip, vips, pool }: Spec): Target[] {
  const names = [vip, ...(Array.isArray(vips) ? (vips as unknown[]) : [])];
  const targets = names.flatMap((one): Target[] =>
    typeof one === 'string' ? [{ kind: 'vip', name: one }] : [],
  );
  return typeof pool === 'string' ? [...targets, { kind: 'pool', name: pool }] : targets;
}

/** RFC 7396: null takes a key away, blocks are merged, everything else is replaced. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isBlock(patch)) return patch;
  const out = new Map(isBlock(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch))
    if (value === null) out.delete(key);
    else out.set(key, mergePatch(out.get(key), value));
  return Object.fromEntries(out);
}

function isBlock(value: unknown): value is Spec {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
