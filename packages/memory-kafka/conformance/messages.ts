import type { Message } from 'kafkajs';

/** Messages to send, of which those that are a text have it for their value. */
export const fullMessages = (messages: readonly (Message | string)[]): Message[] =>
  messages.map((message) => (typeof message === 'string' ? { value: message } : message));
