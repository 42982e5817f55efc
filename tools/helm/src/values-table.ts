import { isMap, isScalar, type Node, type Pair, type YAMLMap } from 'yaml';

interface Row {
  readonly name: string;
  readonly value: string;
  readonly comment: string;
}

/** What stands above a key; above the first one it stands before the whole map. */
const commentsOf = ({ items, commentBefore }: YAMLMap): string[] =>
  items.map(({ key }, index) => (key as Node).commentBefore ?? (index === 0 ? (commentBefore ?? '') : ''));

const oneLine = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();

const rowsOf = (map: YAMLMap, path: string, sayings: readonly string[]): Row[] =>
  map.items.flatMap(({ key, value }: Pair, index) => {
    const name = [path, String((key as { value?: unknown }).value)].filter(Boolean).join('.');
    const comment = oneLine(sayings[index] ?? '');
    // Flow maps are values of their own.
    if (isMap(value) && value.items.length > 0 && !value.flow) {
      const own = rowsOf(value, name, commentsOf(value));
      return comment === '' ? own : [{ name, value: '', comment }, ...own];
    }
    const text = isScalar(value) ? JSON.stringify(value.value) : JSON.stringify((value as Node).toJSON());
    return [{ name, value: text, comment }];
  });

const cell = (content: string): string => content.replaceAll('|', String.raw`\|`);

/**
 * The table of a chart's values: every key with its default, and the comment that stands above it.
 *
 * @param values the map of values.yaml, with its comments
 * @param documentComment what stands above its first key, which the parser gives to the document
 */
export const createValuesTable = (values: YAMLMap, documentComment: string): string => {
  const [, ...others] = commentsOf(values);
  const rows = rowsOf(values, '', [documentComment, ...others]);
  return [
    '| value | default | meaning |',
    '| --- | --- | --- |',
    ...rows.map(
      ({ name, value, comment }) =>
        `| \`${name}\` | ${value === '' ? '' : `\`${cell(value)}\``} | ${cell(comment)} |`,
    ),
  ].join('\n');
};
