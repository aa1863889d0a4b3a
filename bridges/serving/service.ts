/** `signal` fires when nobody waits for the answer any longer. */
export type ServiceHandler = (args: unknown, signal: AbortSignal) => unknown | Promise<unknown>;

/** What a call came to: the response message, or a text that says what was wrong. */
export type ServiceAnswer = { result: true; values: unknown } | { result: false; values: string };

/** Runs a service until it answers or the time is up. Never rejects. */
export function callWithin(
  handler: ServiceHandler,
  name: string,
  args: unknown,
  timeoutMs: number,
): Promise<ServiceAnswer> {
  const stop = new AbortController();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({ result: false, values: `Service ${name} did not answer within ${timeoutMs} ms` });
      stop.abort();
    }, timeoutMs);
    timer.unref();
    const end = (answer: ServiceAnswer) => {
      clearTimeout(timer);
      resolve(answer);
    };
    const asked = async () => handler(args, stop.signal);
    asked().then(
      (values) => end({ result: true, values: values ?? {} }),
      (error: unknown) => end({ result: false, values: error instanceof Error ? error.message : String(error) }),
    );
  });
}
