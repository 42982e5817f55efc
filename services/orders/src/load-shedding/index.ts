export { createPlacementQueue } from './placement-queue.ts';
export { createAdmissionControl, observeStore, type AdmissionControl } from './admission-control.ts';
export { SHEDDING_RESPONSES, type SheddingReason } from './rules.ts';
export { createBacklogAge, startLoadWatch } from './watch.ts';
