import {
  packMessage,
  type RawMessage,
  type ReceivedEvent,
  type RetryableMessage,
} from '@order-pipeline/messaging';
import type { Span, Trace } from '@order-pipeline/service-kit';

/** What is kept of a message that waits: not what the order holds, which memory would feel. */
export class WaitingMessage implements RetryableMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly orderId: string;
  readonly trace: Trace;
  readonly span: Span | undefined;
  readonly #unpack: () => RawMessage;

  constructor({ topic, partition, offset, raw, event, trace, span }: ReceivedEvent) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.orderId = event.orderId;
    this.trace = trace;
    this.span = span;
    this.#unpack = packMessage(raw);
  }

  // On the class: an accessor that each object has of its own takes half a kilobyte for each.
  get raw(): RawMessage {
    return this.#unpack();
  }
}
