export * from './conventions.ts';
export * from './in-span.ts';
export * from './limit-sampling.ts';
export * from './span-ring.ts';
export * from './tracer.ts';
