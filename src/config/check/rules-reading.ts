// Rules about reading: spelling, types, expansion, secrets and merging.

export const READING_RULES = {
  'unknown-key': {
    severity: 'error',
    what: 'The key is not part of the language',
    cure: 'Correct its spelling, or move it to the block it belongs to',
  },
  'missing-key': {
    severity: 'error',
    what: 'A required key is missing',
    cure: 'Add it',
  },
  'empty-value': {
    severity: 'error',
    what: 'A key has no value, or an empty one',
    cure: 'Give it a value or remove it',
  },
  'wrong-type': {
    severity: 'error',
    what: 'The value is of another kind than the key takes',
    cure: 'Write it as the reference shows it',
  },
  'bad-value': {
    severity: 'error',
    what: 'The text is not of the form the key takes',
    cure: 'Write it as the reference shows it',
  },
  'bad-name': {
    severity: 'error',
    what: 'A name has characters that commands and metrics could not carry',
    cure: 'Use letters, digits and _ . : @ -',
  },
  'bad-duration': {
    severity: 'error',
    what: 'The text is no duration',
    cure: 'Write a number with a unit: 500ms, 5s, 2m, 1h, 1d',
  },
  'duration-unit': {
    severity: 'error',
    what: 'A duration has no unit',
    cure: 'Add ms, s, m, h or d',
  },
  'bad-address': {
    severity: 'error',
    what: 'The text is no IP address or network',
    cure: 'Write an IPv4 or IPv6 address',
  },
  'out-of-range': {
    severity: 'error',
    what: 'The number lies outside what the key takes',
    cure: 'Stay within the range named',
  },
  'range-reversed': {
    severity: 'error',
    what: 'A range ends before it starts',
    cure: 'Swap its ends',
  },
  'not-allowed': {
    severity: 'error',
    what: 'The word is none of those the key takes',
    cure: 'Use one of the words named',
  },
  'empty-file': {
    severity: 'warning',
    what: 'A file holds nothing',
    cure: 'Fill it or remove it',
  },
  'not-in-included': {
    severity: 'error',
    what: 'An included file sets something of the node',
    cure: 'Move it to the main file',
  },
  'duplicate-name': {
    severity: 'error',
    what: 'Two objects of one kind have the same name',
    cure: 'Rename one of them',
  },
  'missing-variable': {
    severity: 'error',
    what: 'An environment variable is not set',
    cure: 'Set it, or remove its use',
  },
  'bad-expansion': {
    severity: 'error',
    what: 'A dollar sign and brace are not followed by a name and a closing brace',
    cure: 'Write a name in braces after the dollar sign, or two dollar signs for one',
  },
  'plain-secret': {
    severity: 'warning',
    what: 'A secret stands in the file as plain text',
    cure: 'Write { file: PATH } or { env: NAME }',
  },
  'secret-unreadable': {
    severity: 'error',
    what: 'The file of a secret cannot be read, or is empty',
    cure: 'Check its path, content and permissions',
  },
  'secret-open': {
    severity: 'warning',
    what: 'Others than the owner may read the file of a secret',
    cure: 'chmod 600 the file',
  },
  'legacy-conflict': {
    severity: 'error',
    what: 'A key of the older spelling and one of the canonical one say the same thing',
    cure: 'Keep one of the two',
  },
  'legacy-without-effect': {
    severity: 'warning',
    what: 'A key of the older spelling has no effect here',
    cure: 'Remove it',
  },
  'too-many': {
    severity: 'error',
    what: 'More is wrong than is shown',
    cure: 'Correct what is shown first',
  },
} as const;
