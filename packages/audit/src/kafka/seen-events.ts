import { hash } from 'node:crypto';

/** Which events of which orders were seen, in some thirty bytes an order. */
export interface SeenEvents {
  /** Notes an event in a partition of its topic; answers whether it is a repeat, and if so whether in another partition. */
  see(orderId: string, topic: number, partition: number): 'first' | 'repeat' | 'elsewhere';
  /** Notes an event that is known to be in flight. */
  excuse(orderId: string, topic: number): void;
  /** Whether an event was seen or excused. */
  knows(orderId: string, topic: number): boolean;
}

const FIRST_CAPACITY = 4_096;
const FULLEST = 0.6;
const TOPICS = 4;
/** In the first four bits of a slot's flags the topics that were seen, in the last four those that were excused. */
const EXCUSED = 4;

interface Table {
  readonly capacity: number;
  /** Two words of the hash of the order id a slot; both are 0 where the slot is free. */
  readonly keys: Uint32Array;
  readonly flags: Uint8Array;
  readonly partitions: Uint16Array;
}

const createTable = (capacity: number): Table => ({
  capacity,
  keys: new Uint32Array(capacity * 2),
  flags: new Uint8Array(capacity),
  partitions: new Uint16Array(capacity * TOPICS),
});

const isFree = ({ keys }: Table, slot: number): boolean => keys[slot * 2] === 0 && keys[slot * 2 + 1] === 0;

/** The slot of a key, or the free one where it belongs. */
const findSlot = (table: Table, high: number, low: number): number => {
  let slot = low & (table.capacity - 1);
  while (!isFree(table, slot) && (table.keys[slot * 2] !== high || table.keys[slot * 2 + 1] !== low))
    slot = (slot + 1) & (table.capacity - 1);
  return slot;
};

const grow = (table: Table): Table => {
  const larger = createTable(table.capacity * 2);
  for (let slot = 0; slot < table.capacity; slot += 1) {
    if (isFree(table, slot)) continue;
    const [high = 0, low = 0] = table.keys.subarray(slot * 2, slot * 2 + 2);
    const to = findSlot(larger, high, low);
    larger.keys.set([high, low], to * 2);
    larger.flags[to] = table.flags[slot] ?? 0;
    larger.partitions.set(table.partitions.subarray(slot * TOPICS, slot * TOPICS + TOPICS), to * TOPICS);
  }
  return larger;
};

/** Orders are distinguished by 64 bits of the SHA-1 of their ids: among a million, two are mixed up once in 10⁷ audits. */
const keyOf = (orderId: string): readonly [number, number] => {
  const digest = hash('sha1', orderId, 'buffer');
  // Never 0, which means free.
  return [digest.readUInt32LE(0), digest.readUInt32LE(4) || 1];
};

export const createSeenEvents = (): SeenEvents => {
  let table = createTable(FIRST_CAPACITY);
  let size = 0;
  const slotFor = (orderId: string): number => {
    const [high, low] = keyOf(orderId);
    const slot = findSlot(table, high, low);
    if (!isFree(table, slot)) return slot;
    if (size + 1 > table.capacity * FULLEST) {
      table = grow(table);
      return slotFor(orderId);
    }
    size += 1;
    table.keys.set([high, low], slot * 2);
    return slot;
  };
  const mark = (slot: number, bit: number): boolean => {
    const flags = table.flags[slot] ?? 0;
    table.flags[slot] = flags | (1 << bit);
    return (flags & (1 << bit)) !== 0;
  };
  return {
    see: (orderId, topic, partition) => {
      const slot = slotFor(orderId);
      const place = slot * TOPICS + topic;
      if (mark(slot, topic)) return table.partitions[place] === partition ? 'repeat' : 'elsewhere';
      table.partitions[place] = partition;
      return 'first';
    },
    excuse: (orderId, topic) => void mark(slotFor(orderId), EXCUSED + topic),
    knows: (orderId, topic) => {
      const [high, low] = keyOf(orderId);
      const slot = findSlot(table, high, low);
      return ((table.flags[slot] ?? 0) & ((1 << topic) | (1 << (EXCUSED + topic)))) !== 0;
    },
  };
};
