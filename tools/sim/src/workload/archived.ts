import type { Answer } from './client.ts';
import { codeOf, type WorkloadContext } from './context.ts';
import type { ArchivedAnswer } from './model.ts';

const isPlace = (value: unknown): value is ArchivedAnswer =>
  typeof value === 'object' &&
  value !== null &&
  'file' in value &&
  typeof value.file === 'string' &&
  'archivedAt' in value &&
  typeof value.archivedAt === 'string';

const placeIn = ({ body }: Answer): ArchivedAnswer | undefined => {
  const details: unknown = typeof body === 'object' && body !== null && 'details' in body ? body.details : [];
  const place: unknown = Array.isArray(details) ? details[0] : undefined;
  return isPlace(place) ? place : undefined;
};

/** Records that an order was answered 410. */
export const noteArchived = ({ model, findings }: WorkloadContext, orderId: string, answer: Answer): void => {
  const place = codeOf(answer) === 'ORDER_ARCHIVED' ? placeIn(answer) : undefined;
  if (place) model.order(orderId).archivedAnswers.push(place);
  else
    findings.add(
      'a read of an archived order says when it was archived, and where it is',
      [orderId],
      JSON.stringify(answer.body),
    );
  model.archive(orderId, answer.answeredAt);
};

/** Records what is wrong, unless the order is found to have been archived when it was answered. */
export const noteUnlessArchived = (
  { model, findings, hasArchive }: WorkloadContext,
  orderId: string,
  { answeredAt }: Answer,
  { promise, detail }: { readonly promise: string; readonly detail: string },
): void => {
  if (hasArchive) model.order(orderId).unlessArchived.push({ at: answeredAt, promise, detail });
  else findings.add(promise, [orderId], detail);
};
