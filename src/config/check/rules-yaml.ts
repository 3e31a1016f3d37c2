// Rules about files and their text: what is refused before anything is understood.

const error = (what: string, cure: string) => ({ severity: 'error' as const, what, cure });
const warning = (what: string, cure: string) => ({ severity: 'warning' as const, what, cure });

export const YAML_RULES = {
  'binary-file': error('The file is no text', 'Name a YAML file'),
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
  'file-missing': error('There is no such file', 'Check the path'),
  'file-is-directory': error('A folder stands where a file is expected', 'Name a file in it'),
  'file-is-special': error('A device, pipe or socket stands where a file is expected', 'Name a file'),
  'file-unreadable': error('A file cannot be read', 'Check its owner and mode'),
  'not-utf8': error('A file is not UTF-8', 'Save it as UTF-8'),
  'include-missing': error('A file named by "include" is not there', 'Check the path, or use a pattern'),
  'include-circular': error('Files include each other in a circle', 'Remove one of the "include" lines'),
  'include-unreadable': error('A folder of "include" cannot be listed', 'Check its owner and mode'),
  'include-no-match': warning('A pattern of "include" matches no file', 'Check the pattern'),
  'include-twice': warning('A file is included twice', 'Name it once'),
  'too-many-files': error('There are more files than we read', 'Put several objects into one file'),
  'config-too-large': error('All files together are larger than we read', 'Look at what "include" names'),
} as const;
