export { createAdmission } from './admission.ts';
export { createBackPressure, watchStore, type BackPressure } from './back-pressure.ts';
export { PRESSURE_ANSWERS, type PressureReason } from './rules.ts';
export { startPressureWatch } from './watch.ts';
