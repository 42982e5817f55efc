import { readFile } from 'node:fs/promises';
import { createServerFiles, LIFE } from '@order-pipeline/observability';
import type { TopicSettings } from '@order-pipeline/service-kit';
import { format, resolveConfig } from 'prettier';
import { isMap, parse, parseDocument, stringify } from 'yaml';
import { createKafkaResources } from './kafka-resources.ts';
import { createValuesSchema } from './schema.ts';
import { createChartServices } from './services.ts';
import { createValuesTable } from './values-table.ts';

/** Where the chart is. */
export const FOLDER = new URL('../../../deploy/helm/order-pipeline/', import.meta.url);

const HEAD = '# Written by `npx -y pnpm chart` from tools/helm; do not edit it.\n';
const TABLE = /(<!-- values -->\n)[\s\S]*(<!-- \/values -->)/;

const pretty = async (content: string, parser: string): Promise<string> =>
  format(content, { ...(await resolveConfig(FOLDER)), parser });

/** The chart's README, whose table is that of its values. */
const createReadme = async (): Promise<string> => {
  const document = parseDocument(await readFile(new URL('values.yaml', FOLDER), 'utf8'));
  if (!isMap(document.contents)) throw new Error('values.yaml is not a map');
  const table = createValuesTable(document.contents, document.commentBefore ?? '');
  const readme = await readFile(new URL('README.md', FOLDER), 'utf8');
  if (!TABLE.test(readme)) throw new Error('The README has no place for the table of values');
  return pretty(
    readme.replace(TABLE, (_, start: string, end: string) => `${start}\n${table}\n\n${end}`),
    'markdown',
  );
};

/** The cluster of examples/strimzi.yaml. */
const KAFKA_CLUSTER = 'events';
const KAFKA_HEAD = `${HEAD}# The topics and the users of Kafka, for the operators of strimzi.yaml, with the rights that \`npx -y pnpm orders kafka-acls\` lists.
# A user's password is in the Secret of its name: see values.yaml.
#   kubectl -n shop apply -f kafka-users.yaml
`;

/** Topics and users that fit the example's values. */
const createKafkaExample = async (): Promise<string> => {
  const values = parse(await readFile(new URL('../examples/values.yaml', FOLDER), 'utf8')) as {
    readonly kafka: { readonly topics: TopicSettings };
  };
  const resources = createKafkaResources(KAFKA_CLUSTER, values.kafka.topics);
  const documents = resources.map((resource) => stringify(resource, { aliasDuplicateObjects: false }));
  return pretty(KAFKA_HEAD + documents.join('---\n'), 'yaml');
};

/** The files of the chart and its examples that are written, by their paths from the chart. */
export const createFiles = async (): Promise<ReadonlyMap<string, string>> => {
  const services = createChartServices();
  const rules = (await createServerFiles(LIFE)).get('prometheus/rules.yml') ?? '';
  return new Map([
    [
      'files/services.yaml',
      await pretty(HEAD + stringify(services, { aliasDuplicateObjects: false }), 'yaml'),
    ],
    ['files/rules.yml', rules],
    ['values.schema.json', await pretty(JSON.stringify(createValuesSchema(services)), 'json')],
    ['README.md', await createReadme()],
    ['../examples/kafka-users.yaml', await createKafkaExample()],
  ]);
};
