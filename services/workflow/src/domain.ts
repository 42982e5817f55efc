/** What the buffer has to know of a message: where it stands, and which order it is about. */
export interface OrderMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly orderId: string;
}

/**
 * The messages of orders that wait for the next minute. Every message has its own offset to commit, so an order that
 * is announced twice is held once, with both its messages.
 */
export interface OrderBuffer<M extends OrderMessage> {
  /** Takes messages in; one that it holds already is passed over. */
  add(messages: readonly M[]): void;
  /** All that it holds, those of the order that came first first. */
  messages(): M[];
  /** Drops messages that are processed; those that have come since stay. */
  drop(messages: readonly M[]): void;
  /** Forgets everything: it will be delivered again. */
  clear(): void;
  holds(orderId: string): boolean;
  /** How many messages it holds. */
  size(): number;
  /** Whether it should be given no more for now. */
  isFull(): boolean;
}

const isAt =
  ({ topic, partition, offset }: OrderMessage) =>
  (other: OrderMessage): boolean =>
    other.offset === offset && other.partition === partition && other.topic === topic;

/** @param limit how many messages make it full */
export const createOrderBuffer = <M extends OrderMessage>(limit: number): OrderBuffer<M> => {
  /** By order; the orders and the messages of each in the order of arrival. */
  const orders = new Map<string, readonly M[]>();
  let size = 0;

  return {
    add: (messages) => {
      for (const message of messages) {
        const held = orders.get(message.orderId) ?? [];
        if (held.some(isAt(message))) continue;
        orders.set(message.orderId, [...held, message]);
        size += 1;
      }
    },
    messages: () => [...orders.values()].flat(),
    drop: (messages) => {
      for (const message of messages) {
        const held = orders.get(message.orderId);
        if (!held?.some(isAt(message))) continue;
        size -= 1;
        if (held.length === 1) orders.delete(message.orderId);
        else {
          const isDropped = isAt(message);
          orders.set(
            message.orderId,
            held.filter((other) => !isDropped(other)),
          );
        }
      }
    },
    clear: () => {
      orders.clear();
      size = 0;
    },
    holds: (orderId) => orders.has(orderId),
    size: () => size,
    isFull: () => size >= limit,
  };
};
