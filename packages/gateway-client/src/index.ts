export * from './client/index.ts';
export * from './gateway-error.ts';
export * from './gateway.ts';
export * from './pages.ts';
