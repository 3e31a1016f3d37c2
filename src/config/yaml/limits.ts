// Bounds on what one file may ask of us. Each has a diagnostic of its own.

export const YAML_LIMITS = {
  /** UTF-16 units; the file door refuses more bytes than this before it reads them. */
  textLength: 16 * 1024 * 1024,
  /** Levels of lists and maps, aliases followed. The language itself needs eight. */
  depth: 64,
  /** Uses of `*anchor`, enough for a merge in each of thousands of listeners. */
  aliases: 20_000,
  /** Values after every alias is followed: what others walk. */
  nodes: 2_000_000,
  /** Keys that come by `<<`: each is copied, so they cost more than an alias. */
  mergedKeys: 500_000,
  /** Diagnostics of one file about its syntax; the rest are cascades. */
  diagnostics: 100,
  /** Larger texts get the first syntax error only: finding all costs 0.5 s and 200 MB a megabyte. */
  recoverLength: 4 * 1024 * 1024,
} as const;
