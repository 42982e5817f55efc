export { startStuckWatch, type StuckWatch } from './watch.ts';
