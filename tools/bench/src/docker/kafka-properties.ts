import { readFile, writeFile } from 'node:fs/promises';
import { CliError } from '@order-pipeline/cli/kit';

const PROPERTIES = new URL('../../../../docker/kafka-server.properties', import.meta.url);

/** Gives a listing in a properties file one more entry, after the first. */
const insert = (text: string, name: string, entry: string): string => {
  const line = new RegExp(`^(${name.replaceAll('.', '\\.')}=[^,\\n]+)`, 'm');
  if (!line.test(text)) throw new CliError(`docker/kafka-server.properties has no ${name}.`);
  return text.replace(line, `$1,${entry}`);
};

/** The settings of the stack's Kafka, with one more listener: for clients on this machine, advertised at `port`. */
export const withHostListener = (text: string, port: number): string => {
  const listening = insert(text, 'listeners', 'HOST://:9094');
  const advertised = insert(listening, 'advertised.listeners', `HOST://127.0.0.1:${port}`);
  return insert(advertised, 'listener.security.protocol.map', 'HOST:PLAINTEXT');
};

/** Writes the settings of the stack's Kafka, with a listener for this machine, to `file`. */
export const writeKafkaProperties = async (file: string, port: number): Promise<void> =>
  writeFile(file, withHostListener(await readFile(PROPERTIES, 'utf8'), port));
