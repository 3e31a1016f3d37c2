// How canonical files look: two blanks a level, `[a, b]` and `{ a: b }`, comments where they were, no line folded.
import {
  type Document,
  type DocumentOptions,
  isCollection,
  isScalar,
  type Pair,
  type ParseOptions,
  type ScalarTag,
  type SchemaOptions,
  type Tags,
  type ToStringOptions,
  visit,
  YAMLMap,
  YAMLSeq,
} from 'yaml';

export const STYLE: ToStringOptions = { indent: 2, lineWidth: 0, flowCollectionPadding: true };

/** Numbers stay as they were written: the library would write `0x1F` as `0x1f` and `1e3` as `1e+3`. */
export const READING: ParseOptions & DocumentOptions & SchemaOptions = {
  prettyErrors: false,
  uniqueKeys: false,
  logLevel: 'silent',
  customTags: (tags) => tags.map((tag) => (isNumberTag(tag) ? { ...tag, stringify: asWritten(tag) } : tag)),
};

function isNumberTag(tag: Tags[number]): tag is ScalarTag {
  return typeof tag === 'object' && /:(?:int|float)$/.test(tag.tag);
}

function asWritten(tag: ScalarTag): NonNullable<ScalarTag['stringify']> {
  return (scalar, ...rest) => scalar.source ?? tag.stringify?.(scalar, ...rest) ?? String(scalar.value);
}

export function layOut(document: Document, source: string): string {
  visit(document, {
    Pair: (_, pair) => commentBesideKey(pair, source),
    Seq: (_, seq) => padding(seq, YAMLSeq.prototype.toString, ''),
    Map: (_, map) => padding(map, YAMLMap.prototype.toString, ' '),
  });
  return document.toString(STYLE);
}

/** The library knows one padding for both kinds of brackets. */
function padding(
  node: YAMLSeq | YAMLMap,
  print: typeof YAMLSeq.prototype.toString,
  flowCollectionPadding: '' | ' ',
): void {
  node.toString = (context, ...rest) =>
    print.call(node as YAMLSeq, context && { ...context, flowCollectionPadding }, ...rest);
}

/** `health: # why` keeps its comment on the line of the key; the library would move it below. */
function commentBesideKey({ key, value }: Pair, source: string): void {
  if (!isScalar(key) || !isCollection(value) || value.flow || !value.commentBefore || !key.range) return;
  const line = /^[^\r\n]*/.exec(source.slice(key.range[1], key.range[1] + 2000))![0];
  const beside = /^\s*:\s*(?:[&!]\S+\s+)*#(.*)$/.exec(line)?.[1];
  const [first, ...others] = value.commentBefore.split('\n');
  if (beside === undefined || first?.trim() !== beside.trim()) return;
  key.comment = first;
  value.commentBefore = others.length === 0 ? null : others.join('\n');
}
