import { afterEach } from 'vitest';
import { RosServer, type RosServerOptions } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { RawClient } from './raw-client.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** A server on a free port, and clients of it; all closed after the test. */
export async function serve(options: Partial<RosServerOptions> = {}) {
  /** What was said to the log: how often each, by kind where it is a refusal. */
  const logged: string[] = [];
  const logger = { warn: (fields: object, why: string) => logged.push((fields as { kind?: string }).kind ?? why) };
  const server = new RosServer({ port: 0, clock: new MonotonicClock(), logger, ...options });
  opened.push(server);
  const { port } = await server.listen();
  const client = async (query = '', headers: Record<string, string> = {}) => {
    const made = await RawClient.open(`ws://127.0.0.1:${port}/${query}`, headers);
    opened.push(made);
    return made;
  };
  return { server, port, client, logged };
}

export const advertise = (topic: string, type: string, more: object = {}) => ({
  op: 'advertise',
  topic,
  type,
  ...more,
});
export const subscribe = (topic: string, type: string, more: object = {}) => ({
  op: 'subscribe',
  topic,
  type,
  ...more,
});
export const publish = (topic: string, msg: unknown, more: object = {}) => ({ op: 'publish', topic, msg, ...more });
