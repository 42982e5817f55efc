/** One event of a stream (HTML, 9.2). */
export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly data: string;
  /** After how many milliseconds to connect again, where the stream says it. */
  readonly retryMs: number | undefined;
}

const fieldOf = (lines: readonly string[], name: string): string | undefined =>
  lines
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).replace(/^ /, ''))
    .at(-1);

const eventOf = (block: string): ReceivedEvent => {
  const lines = block.split('\n');
  const retry = fieldOf(lines, 'retry');
  return {
    id: fieldOf(lines, 'id'),
    data: fieldOf(lines, 'data') ?? '',
    retryMs: retry === undefined ? undefined : Number(retry),
  };
};

/** The events of a stream as they come, comments left out; those of the gateway have one line of data each. */
export const eventsIn = async function* (body: ReadableStream<Uint8Array>): AsyncGenerator<ReceivedEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    const blocks = (text + decoder.decode(chunk, { stream: true })).split('\n\n');
    text = blocks.pop() ?? '';
    yield* blocks.filter((block) => !block.startsWith(':')).map(eventOf);
  }
};
