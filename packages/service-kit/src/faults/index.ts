export { causeOf, judge, type Judgement } from './judge.ts';
export { logFailure } from './log.ts';
export { faultsPage } from './page.ts';
export type { Rulings, Ruling, Verdict } from './verdict.ts';
