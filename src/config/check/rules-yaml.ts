// Rules about files and their text: what is refused before anything is understood.

const error = (what: string, cure: string) => ({ severity: 'error' as const, what, cure });
const warning = (what: string, cure: string) => ({ severity: 'warning' as const, what, cure });

export const YAML_RULES = {
  'binary-file': error('The file is no text', 'Name a YAML file'),
  'not-utf8': error('The text is not in UTF-8', 'Save it as UTF-8'),
  'control-character': error('The text has a control character', 'Remove it'),
  'file-too-large': error('The file is larger than we read', 'Split it into several files of "include"'),
  'not-a-mapping': error('The file does not hold keys with values', 'Begin with a key such as "listeners:"'),
  'several-documents': error('The file holds several YAML documents', 'Put each into a file of its own'),
  'tab-indentation': error('A line is indented with a tab', 'Indent with blanks'),
  'duplicate-key': error('A key stands twice in one block', 'Remove one'),
  'ambiguous-number': error('A number could be read in two ways', 'Quote it, or write it in decimal'),
  'yaml-syntax': error('The text is no valid YAML', 'Correct the line named, or the one before it'),
  'yaml-ambiguous': error('The text could be read in two ways', 'Quote it'),
  'yaml-alias-cycle': error('An alias holds itself', 'Write the part out'),
  'yaml-alias-expansion': error('Aliases expand to more than we read', 'Write fewer aliases'),
  'yaml-alias-unknown': error('An alias names no anchor', 'Correct its spelling'),
  'yaml-aliases': error('The file has more aliases than we read', 'Write the parts out'),
  'yaml-depth': error('The text is nested too deeply', 'No part of the language needs that'),
  'yaml-directive': error('The file has a directive that we do not read', 'Remove it'),
  'yaml-key': error('A key is no plain text', 'Write it as text'),
  'yaml-merge': error(
    'A merge key holds something else than a block',
    'Merge a block, or write the keys out',
  ),
  'yaml-tag': error('A value has a tag that we do not read', 'Remove the tag'),
  'format-unsafe': error('A file cannot be rewritten without changing its meaning', 'Write its aliases out'),
} as const;
