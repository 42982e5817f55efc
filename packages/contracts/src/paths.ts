/** Where orders are asked for. Their ids stand beside words of these paths, which no new order may be called. */
export const ORDER_PATHS = {
  orders: '/api/orders',
  ofUser: '/api/orders/user/:userId',
  order: '/api/orders/:orderId',
  history: '/api/orders/:orderId/history',
  events: '/api/orders/:orderId/events',
  cancel: '/api/orders/:orderId/cancel',
} as const;

/**
 * The words that stand in some path where another path has the parameter: as a value of it they could mean either.
 *
 * @param parameter its name, without the colon
 */
const wordsInPlaceOf = (parameter: string, paths: readonly string[]): readonly string[] => {
  const folders = paths.flatMap((path) => {
    const at = path.indexOf(`/:${parameter}`);
    return at < 0 ? [] : [path.slice(0, at + 1)];
  });
  const words = paths.flatMap((path) =>
    folders
      .filter((folder) => path.startsWith(folder))
      .map((folder) => path.slice(folder.length).split('/', 1)[0] ?? ''),
  );
  return [...new Set(words.filter((word) => word !== '' && !word.startsWith(':')))];
};

/** The words that an order of before may be called, and no new one: by them some paths mean something else. */
export const ORDER_PATH_WORDS = wordsInPlaceOf('orderId', Object.values(ORDER_PATHS));
