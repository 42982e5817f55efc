/** What the buffer has to know of a message: where it stands, and which order it is about. */
export interface OrderMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly event: { readonly orderId: string };
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
  /** Lets go of messages that are worked; those that have come since stay. */
  drop(messages: readonly M[]): void;
  /** Forgets everything: it will be delivered again. */
  clear(): void;
  holds(orderId: string): boolean;
  /** How many messages it holds. */
  size(): number;
  /** Whether it should be given no more for now. */
  isFull(): boolean;
}

const positionOf = ({ topic, partition, offset }: OrderMessage): string => `${topic}/${partition}/${offset}`;

/** @param limit how many messages make it full */
export const createOrderBuffer = <M extends OrderMessage>(limit: number): OrderBuffer<M> => {
  /** By order, then by position; both in the order of arrival. */
  const orders = new Map<string, Map<string, M>>();
  let size = 0;

  return {
    add: (messages) => {
      for (const message of messages) {
        const { orderId } = message.event;
        const held = orders.get(orderId) ?? new Map<string, M>();
        if (!held.has(positionOf(message))) size += 1;
        held.set(positionOf(message), message);
        orders.set(orderId, held);
      }
    },
    messages: () => [...orders.values()].flatMap((held) => [...held.values()]),
    drop: (messages) => {
      for (const message of messages) {
        const { orderId } = message.event;
        const held = orders.get(orderId);
        if (held?.delete(positionOf(message))) size -= 1;
        if (held?.size === 0) orders.delete(orderId);
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
