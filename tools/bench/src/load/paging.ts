import { openConnections } from './connections.ts';

const NEXT = /^link: .*<([^>]+)>; *rel="?next"?/im;
const OK = 200;
/** What a list may be refused with while others are read. */
const BUSY = 503;

/** Clients that page through lists, from the first page to the last and again. */
export interface Paging {
  /** Lets each come to the end of its request, and answers what they were given. */
  stop(): Promise<{ readonly pages: number; readonly wrong: number }>;
}

/** The path of the page that comes after the one with this head, if one does. */
export const nextPageOf = (head: string): string | undefined => NEXT.exec(head)?.[1];

/**
 * Pages through lists as fast as they are answered.
 *
 * @param clients how many do so at once, each over a connection of its own
 * @param path of the first page
 */
export const startPaging = (url: string, clients: number, path: string): Paging => {
  const open = openConnections(url, clients);
  let isOver = false;
  let pages = 0;
  let wrong = 0;
  const pageOn = async (): Promise<void> => {
    let next = path;
    while (!isOver) {
      const answer = await open.get(next).catch(() => undefined);
      if (answer?.status === OK) pages += 1;
      else if (answer?.status !== BUSY) wrong += 1;
      next = (answer && nextPageOf(answer.head)) ?? path;
    }
  };
  const all = Promise.all(Array.from({ length: clients }, pageOn));
  return {
    stop: async () => {
      isOver = true;
      await all;
      open.close();
      return { pages, wrong };
    },
  };
};
