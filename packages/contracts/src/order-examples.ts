export const exampleOrder = {
  orderId: 'order-1',
  userId: 'user11',
  items: [{ itemId: 'item1', quantity: 3 }],
};
export const exampleAt = '2026-01-01T12:00:00.000Z';

export const exampleHistory = [
  { status: 'PENDING' as const, at: exampleAt, cause: 'placed' },
  {
    status: 'PROCESSING' as const,
    at: '2026-01-01T12:01:00.000Z',
    cause: 'workflow',
    event: { topic: 'ORDER_PLACED' as const, partition: 3, offset: '17' },
  },
];
