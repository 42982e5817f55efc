import Table from 'cli-table3';

/** What is shown comes from anywhere, and could otherwise move the cursor and worse. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

/** Text that a terminal merely shows. */
export const plain = (text: string): string => text.replace(CONTROL, '·');

const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Rows in columns, without borders; what of them a terminal would obey is replaced. */
export const tableOf = (
  rows: readonly (readonly (string | number)[])[],
  head: readonly string[] = [],
): string => {
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
  const table = new Table({ chars: BORDERLESS, style, head: [...head] });
  for (const row of rows) table.push(row.map((cell) => (typeof cell === 'string' ? plain(cell) : cell)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
};
