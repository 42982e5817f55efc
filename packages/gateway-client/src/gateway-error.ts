/** Why a gateway could not be asked, for a person: one sentence. */
export class GatewayError extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'GatewayError';
  }
}
