/** Opens a stream of events and reads it as it comes. */
export const openStream = async (at: string, headers: Readonly<Record<string, string>> = {}) => {
  const leaving = new AbortController();
  const response = await fetch(at, { headers, signal: leaving.signal });
  let text = '';
  const whole = (async () => {
    const decoder = new TextDecoder();
    const reader = response.body?.getReader();
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) return;
      text += decoder.decode(value as Uint8Array, { stream: true });
    }
  })().catch(() => undefined);
  return {
    response,
    /** Settles when the stream is over, whichever side ended it. */
    whole,
    leave: () => leaving.abort(),
    /** What has come so far. */
    text: () => text,
  };
};
