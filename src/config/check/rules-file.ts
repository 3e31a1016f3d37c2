// Rules about files: what the door refuses to read, and what is odd about an include.

const error = (what: string, cure: string) => ({ severity: 'error' as const, what, cure });
const warning = (what: string, cure: string) => ({ severity: 'warning' as const, what, cure });

export const FILE_RULES = {
  'file-missing': error('There is no such file', 'Check the path'),
  'file-unreadable': error('A file cannot be read', 'Check its permissions and the disk'),
  'file-is-directory': error('The path names a directory', 'Name a file in it, or include PATH/*.yaml'),
  'file-is-special': error('The path names a device, a pipe or a socket', 'Name a plain file'),
  'config-too-large': error(
    'All files together are larger than we read',
    'Look for a pattern that includes too much',
  ),
  'too-many-files': error(
    'The patterns name more files than we read',
    'Look for a pattern that includes too much',
  ),
  'include-missing': error(
    'An included file does not exist',
    'Correct its path; a pattern may match nothing',
  ),
  'include-unreadable': error('The folder of a pattern cannot be read', 'Check its permissions'),
  'include-circular': error('A file includes itself, maybe through others', 'Remove one of the includes'),
  'include-twice': warning('A file is included twice; it is read once', 'Remove one of the includes'),
  'include-no-match': warning('A pattern matches no file', 'Correct it, or remove it'),
} as const;
