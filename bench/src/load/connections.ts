import { Pool, type Dispatcher } from 'undici';

const TIMEOUT_MS = 20_000;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Connections to a gateway that are kept alive, each with one request at a time. */
export interface Connections {
  post(path: string, body: object): Promise<Answer>;
  get(path: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Gathers an answer without the streams of undici's larger functions: who measures shares the cores with what is measured. */
const gather = (
  resolve: (answer: Answer) => void,
  reject: (error: Error) => void,
): Dispatcher.DispatchHandler => {
  let status = 0;
  let body = '';
  return {
    onRequestStart: () => undefined,
    onResponseStart: (_, statusCode) => {
      status = statusCode;
    },
    onResponseData: (_, chunk) => {
      body += chunk.toString('utf8');
    },
    onResponseEnd: () => resolve({ status, body }),
    onResponseError: (_, error) => reject(error),
  };
};

const JSON_HEADERS = ['content-type', 'application/json'];

/** @param count how many connections */
export const openConnections = (url: string, count: number): Connections => {
  const pool = new Pool(url, { connections: count, pipelining: 1, headersTimeout: TIMEOUT_MS });
  const ask = (options: Dispatcher.DispatchOptions): Promise<Answer> =>
    new Promise((resolve, reject) => void pool.dispatch(options, gather(resolve, reject)));
  return {
    post: (path, body) => ask({ method: 'POST', path, headers: JSON_HEADERS, body: JSON.stringify(body) }),
    get: (path) => ask({ method: 'GET', path }),
    close: () => pool.close(),
  };
};

/** Keeps `count` askers busy, each asking again as soon as it is answered, as long as `goOn` says. */
export const keepBusy = async (
  count: number,
  goOn: () => boolean,
  ask: () => Promise<void>,
): Promise<void> => {
  const asker = async (): Promise<void> => {
    while (goOn()) await ask();
  };
  await Promise.all(Array.from({ length: count }, asker));
};
