import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GATEWAY_OPERATIONS, isForOperators } from '@order-pipeline/contracts';
import { startTestService, type TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../src/index.ts';
import { facadeRoutes, OPERATOR_TOKEN } from './gateway.ts';
import { AUDIENCE, startIssuer, type TestIssuer } from './issuer.ts';

let issuer: TestIssuer;
let dataDir: string;

beforeAll(async () => {
  issuer = await startIssuer();
  dataDir = mkdtempSync(path.join(tmpdir(), 'documented-'));
});

afterAll(async () => {
  await issuer.close();
  rmSync(dataDir, { recursive: true });
});

/** Every way to start, and what is asked there of those who ask what clients ask, and what operators ask. */
const STARTS: Readonly<
  Record<string, { environment: () => Record<string, string>; clients: string[]; operators: string[] }>
> = {
  'nothing set': { environment: () => ({}), clients: [], operators: [] },
  'AUTH=off': { environment: () => ({ AUTH: 'off' }), clients: [], operators: [] },
  'a token of operators': {
    environment: () => ({ OPERATOR_TOKEN }),
    clients: [],
    operators: ['operatorToken'],
  },
  'an issuer': {
    environment: () => ({ AUTH_ISSUER: issuer.url, AUTH_AUDIENCE: AUDIENCE }),
    clients: ['accessToken'],
    operators: ['accessToken'],
  },
  'an issuer and a token of operators': {
    environment: () => ({ AUTH_ISSUER: issuer.url, AUTH_AUDIENCE: AUDIENCE, OPERATOR_TOKEN }),
    clients: ['accessToken'],
    operators: ['accessToken', 'operatorToken'],
  },
  'the development issuer': {
    environment: () => ({ AUTH_DEV_ISSUER: 'on', DATA_DIR: dataDir }),
    clients: ['accessToken'],
    operators: ['accessToken'],
  },
};

interface Document {
  readonly paths: Record<
    string,
    Record<string, { security?: Record<string, string[]>[]; responses: Record<string, unknown> }>
  >;
  readonly components: { securitySchemes?: Record<string, unknown> };
}

const statusOf = async (url: string, method: string, route: string, body: unknown): Promise<number> => {
  const response = await fetch(url + route.replace(/:\w+/g, 'id-1'), {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  // Of a stream no more than that it begins.
  await response.body?.cancel();
  return response.status;
};

test.each(Object.keys(STARTS))(
  'with %s the document says of each operation what is asked there',
  async (name) => {
    const start = STARTS[name];
    if (!start) throw new Error(name);
    const gateway: TestService = await startTestService(apiGatewayService, {
      environment: start.environment(),
      clients: { 'orders-facade': facadeRoutes },
    });
    // It listens, as in production: who may ask is decided by where, too.
    const url = await gateway.listen();
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
    for (const [operationName, operation] of Object.entries(GATEWAY_OPERATIONS)) {
      const { method, path: route, exampleBody } = operation;
      const at = document.paths[route.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      const schemes = (at?.security ?? []).flatMap((requirement) => Object.keys(requirement));
      const asked = isForOperators(operation) ? start.operators : start.clients;
      expect([operationName, [...new Set(schemes)]]).toEqual([operationName, asked]);
      const isRefused = asked.length > 0;
      expect([operationName, '401' in (at?.responses ?? {})]).toEqual([operationName, isRefused]);
      const status = await statusOf(url, method, route, exampleBody);
      expect([operationName, status]).toEqual([operationName, isRefused ? 401 : operation.status]);
    }
    const schemes = [...new Set([...start.clients, ...start.operators])];
    expect(Object.keys(document.components.securitySchemes ?? {})).toEqual(schemes);
    await gateway.close();
  },
);
