import { once } from 'node:events';
import { WebSocket } from 'ws';
import { SUBPROTOCOLS } from '../../../../bridges/foxglove/protocol.ts';
import { FoxgloveServer } from '../../../../bridges/foxglove/server.ts';
import { TYPES } from '../../../../bridges/messages/messages.ts';
import { wallNs } from '../../../core/clock.ts';
import type { RunConfig } from '../../../core/config-schema.ts';
import { meter } from '../heap.ts';
import type { BenchOptions, Outcome } from '../rows.ts';
import { MILLION, memoryOver } from './flat.ts';
import { jointStateText, STATES } from './robot.ts';

/** States that may be under way to the viewer, so that none gives way to a newer one. */
const AHEAD = 50;

/** The live view with one viewer that reads: what a million states, written as CDR, leave behind. */
export async function benchViewer(_config: RunConfig, _options: BenchOptions, million = MILLION): Promise<Outcome> {
  const server = new FoxgloveServer({ name: 'bench', port: 0 });
  const { port } = await server.listen();
  server.declare(STATES, TYPES.jointState, [], []);
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, [...SUBPROTOCOLS], { perMessageDeflate: false });
  try {
    await once(socket, 'open');
    socket.send(JSON.stringify({ op: 'subscribe', subscriptions: [{ id: 0, channelId: 1 }] }));
    while (!server.isWatched(STATES)) await new Promise((resolve) => setTimeout(resolve, 5));
    const { msg: state } = JSON.parse(jointStateText(1)) as { msg: object };
    const passing = (count: number) => pass(server, socket, state, count);
    const { rows, ...verdict } = await memoryOver('viewer_', million, passing, meter());
    return { results: rows, ...verdict };
  } finally {
    socket.terminate();
    await server.close();
  }
}

/** Until so many states have come to the viewer. */
function pass(server: FoxgloveServer, socket: WebSocket, state: object, count: number): Promise<void> {
  let sent = 0;
  let came = 0;
  const go = () => {
    for (; sent < count && sent - came < AHEAD; sent++) server.publish(STATES, TYPES.jointState, state, wallNs());
  };
  return new Promise((resolve) => {
    const hear = (_data: Buffer, binary: boolean) => {
      if (!binary) return;
      came++;
      go();
      if (came < count) return;
      socket.off('message', hear);
      resolve();
    };
    socket.on('message', hear);
    go();
  });
}
