import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { GATEWAY_OPERATIONS } from '@order-pipeline/contracts';
import type { TestService } from '@order-pipeline/testing';
import { asOperator, startGateway, testRefusals } from './gateway.ts';

interface Media {
  readonly schema: Record<string, unknown>;
  readonly example?: unknown;
  readonly examples?: Record<string, { value: { status: number; code: string } }>;
}
interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: string[];
  readonly security?: unknown;
  readonly parameters?: { in: string; name: string; required: boolean }[];
  readonly requestBody?: { content: Record<string, Media> };
  readonly responses: Record<
    string,
    { description: string; headers?: Record<string, unknown>; content: Record<string, Media> }
  >;
}
interface OpenApi {
  readonly openapi: string;
  readonly servers: { url: string }[];
  readonly tags: { name: string }[];
  readonly paths: Record<string, Record<string, DocumentedOperation>>;
  readonly components: {
    schemas: Record<string, { required: string[] }>;
    securitySchemes: Record<string, unknown>;
  };
}

let gateway: TestService;
let document: OpenApi;

beforeAll(async () => {
  gateway = await startGateway();
  document = (await gateway.server.inject('/openapi.json')).json<OpenApi>();
});

afterAll(() => gateway.close());

const documented = (): [string, string, DocumentedOperation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, DocumentedOperation] => [
      method,
      path,
      operation,
    ]),
  );

test('the document is OpenAPI 3.1, for whatever address the gateway is reached at', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(document.servers.map(({ url }) => url)).toEqual(['/']);
  expect(document.tags.map(({ name }) => name)).toEqual(['users', 'inventory', 'orders', 'operators']);
});

test('it holds every operation of clients and operators under its name, and nothing else', () => {
  const found = documented().map(([method, path, { operationId }]) => `${operationId}: ${method} ${path}`);
  const expected = Object.entries(GATEWAY_OPERATIONS).map(
    ([name, { method, path }]) => `${name}: ${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`,
  );
  expect(found.toSorted()).toEqual(expected.toSorted());
});

test('a summary is a heading: a verb and what it is done to; sentences are in the description', () => {
  const verbs =
    /^(?:Cancel|Create|Discard|Erase|Export|Inspect|List|Place|Redrive|Register|Restock|Retrieve|Search|Stream) /;
  for (const [, , { summary, description = 'None.' }] of documented()) {
    expect(summary).toMatch(verbs);
    expect(summary).toMatch(/^[\w ]{8,40}$/);
    expect(description).toMatch(/^[A-Z0-9].*\.$/s);
  }
  const place = document.paths['/api/orders']?.['post'];
  expect(place).toMatchObject({
    summary: 'Place an order',
    description: expect.stringContaining('reserved'),
  });
});

test('every error that can be answered is there, in the error shape and with an example of its status', () => {
  expect(document.components.schemas['Error']?.required).toEqual(['error', 'status', 'code']);
  for (const [method, , { responses }] of documented()) {
    const errors = Object.entries(responses).filter(([status]) => Number(status) >= 400);
    expect(errors.map(([status]) => status)).toEqual(
      expect.arrayContaining(['400', '429', '500', '503', ...(method === 'post' ? ['413', '415'] : [])]),
    );
    for (const [status, { content }] of errors) {
      expect(content['application/json']?.schema).toEqual({ $ref: '#/components/schemas/Error' });
      const examples = Object.entries(content['application/json']?.examples ?? {});
      expect(examples.length).toBeGreaterThan(0);
      for (const [code, { value }] of examples) expect(value).toMatchObject({ status: Number(status), code });
    }
  }
});

test('Retry-After, the Link to the next page and the other headers of a reply are there', () => {
  for (const [, , { operationId, responses }] of documented()) {
    expect(responses['429']?.headers).toHaveProperty('retry-after');
    expect(responses['503']?.headers).toHaveProperty('retry-after');
    const headers = Object.keys(responses['200']?.headers ?? {});
    const { paged, replyHeaders = {} } = GATEWAY_OPERATIONS[operationId] ?? {};
    expect(headers).toEqual([...(paged ? ['link'] : []), ...Object.keys(replyHeaders)]);
  }
});

test('how to wait for an order is there: until, wait, Prefer, If-None-Match, and 304', () => {
  const operation = document.paths['/api/orders/{orderId}']?.['get'];
  expect(operation?.parameters?.map(({ name, in: place }) => `${place} ${name}`).toSorted()).toEqual([
    'header if-none-match',
    'header prefer',
    'path orderId',
    'query until',
    'query wait',
  ]);
  expect(Object.keys(operation?.responses['200']?.headers ?? {})).toEqual(['etag', 'preference-applied']);
  expect(operation?.responses).toHaveProperty('304.description', 'It is as `If-None-Match` says');
  expect(operation?.responses['304']).not.toHaveProperty('content');
});

test('the examples are those of the source document', () => {
  const placed = document.paths['/api/orders']?.['post'];
  expect(placed?.requestBody?.content['application/json']?.example).toEqual({
    order: {
      orderId: 'order-1',
      userId: 'user11',
      items: [{ itemId: 'item1', quantity: 3 }],
      status: 'PENDING',
    },
  });
  expect(placed?.responses['201']?.content['application/json']?.example).toEqual({
    message: 'Order placed successfully',
    orderId: 'order-1',
  });
  const cancelled = document.paths['/api/orders/{orderId}/cancel']?.['post'];
  expect(cancelled?.responses['400']?.content['application/json']?.examples).toHaveProperty(
    'ORDER_NOT_CANCELLABLE.value.error',
    'Order cannot be cancelled. Current status: SHIPPED',
  );
});

test('every example of a request is valid input', async () => {
  for (const [method, path, operation] of documented()) {
    // These end when somebody leaves.
    if (GATEWAY_OPERATIONS[operation.operationId]?.streams) continue;
    const payload = operation.requestBody?.content['application/json']?.example as object | undefined;
    const response = await gateway.server.inject({
      method: method as 'get' | 'post',
      url: path.replace(/\{\w+\}/g, 'id-1'),
      headers: asOperator,
      ...(payload ? { payload } : {}),
    });
    expect(response.statusCode).toBeLessThan(300);
  }
});

test('only what operators ask needs the token, and says so', () => {
  for (const [, path, { tags, security, responses }] of documented()) {
    const isForOperators = path.startsWith('/ops/');
    expect(tags.includes('operators')).toBe(isForOperators);
    expect(security).toEqual(isForOperators ? [{ operatorToken: [] }] : undefined);
    expect('401' in responses).toBe(isForOperators);
    const forbidden = Object.keys(responses['403']?.content['application/json']?.examples ?? {});
    expect(forbidden.includes('FORBIDDEN')).toBe(isForOperators);
    expect(forbidden).toContain('HOST_NOT_ALLOWED');
  }
  expect(document.components.securitySchemes['operatorToken']).toMatchObject({
    type: 'http',
    scheme: 'bearer',
  });
});

const LINKED = /(?:src|href)="([^"]+)"/g;

test('the page for people loads only what the gateway itself serves', async () => {
  for (const page of ['/docs', '/docs/']) {
    const response = await gateway.server.inject(page);
    expect(response.statusCode).toBe(200);
    const linked = [...response.body.matchAll(LINKED)].map(([, url]) => url ?? '');
    expect(linked.length).toBeGreaterThan(4);
    for (const url of linked) {
      const { host, pathname } = new URL(url, `http://gateway${page}`);
      expect(host).toBe('gateway');
      expect((await gateway.server.inject(pathname)).statusCode).toBe(200);
    }
  }
});

test('the policy lets the browser load and ask nothing elsewhere, and no foreign validator is used', async () => {
  for (const url of ['/docs', '/docs/static/swagger-ui-bundle.js', '/docs/static/swagger-initializer.js']) {
    const policy = String((await gateway.server.inject(url)).headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toMatch(/https?:|\*|\w+\.\w+|upgrade-insecure-requests/);
  }
  const { body } = await gateway.server.inject('/docs/static/swagger-initializer.js');
  expect(body).toContain('validatorUrl: null');
  expect(body).toContain("url: resolveUrl('./json')");
  expect((await gateway.server.inject('/docs/json')).json()).toEqual(document);
});

testRefusals(
  () => gateway,
  [
    ['GET', '/docs/nothing', 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/docs/static/nothing.js', 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/docs/static/..%2f..%2fpackage.json', 404, 'ROUTE_NOT_FOUND'],
    ['POST', '/docs', 405, 'METHOD_NOT_ALLOWED'],
    ['DELETE', '/openapi.json', 405, 'METHOD_NOT_ALLOWED'],
  ],
);

test('the document is written once, however often it is asked for', async () => {
  const swagger = jest.spyOn(gateway.server, 'swagger');
  for (const url of ['/openapi.json', '/docs/json', '/openapi.json']) {
    const response = await gateway.server.inject(url);
    expect(response.json()).toEqual(document);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  }
  expect(swagger).not.toHaveBeenCalled();
});
