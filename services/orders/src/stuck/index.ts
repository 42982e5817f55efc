export { createStuckRoutes } from './routes.ts';
export { startStuckWatch, type StuckWatch } from './watch.ts';
