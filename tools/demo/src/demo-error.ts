/** Why the demo cannot go on, for the person who started it: one sentence. */
export class DemoError extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'DemoError';
  }
}
