import { once } from 'node:events';
import { afterEach } from 'vitest';
import { WebSocket } from 'ws';
import type { FoxgloveServerOptions } from '../../../bridges/foxglove/options.ts';
import { FoxgloveServer } from '../../../bridges/foxglove/server.ts';
import { Viewer } from './viewer.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** A server on a free port, and viewers of it; all closed after the test. */
export async function serve(options: Partial<FoxgloveServerOptions> = {}) {
  /** What was said to the log: by kind where it is a refusal. */
  const logged: string[] = [];
  const logger = { warn: (fields: object, why: string) => logged.push((fields as { kind?: string }).kind ?? why) };
  const server = new FoxgloveServer({ name: 'a robot', port: 0, logger, ...options });
  opened.push(server);
  const { port } = await server.listen();
  const viewer = async (how: Parameters<typeof Viewer.open>[1] = {}) => {
    const made = await Viewer.open(port, how);
    opened.push(made);
    return made;
  };
  return { server, port, viewer, logged };
}

/** The HTTP status of a handshake that is turned away, 101 for one that is let in. */
export async function knock(
  port: number,
  { protocols = ['foxglove.sdk.v1'] as string[], query = '', headers = {} as Record<string, string> } = {},
): Promise<{ status: number; protocol: string }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${query}`, protocols, { headers, perMessageDeflate: false });
  opened.push({ close: () => socket.terminate() });
  socket.on('error', () => {});
  return Promise.race([
    once(socket, 'open').then(() => ({ status: 101, protocol: socket.protocol })),
    once(socket, 'unexpected-response').then(([, response]) => ({ status: response.statusCode, protocol: '' })),
  ]);
}
