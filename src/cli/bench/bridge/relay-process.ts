/**
 * A relay of the bridge benches, in a process of its own: `ours` is the rosbridge server as it is, `ws` sends whatever
 * comes from one connection to all others and looks at nothing. Says its port; then, for each line on its stdin, the memory
 * that it uses after a forced collection, as JSON. Ends when its stdin does.
 */
import { createInterface } from 'node:readline';
import { WebSocket, WebSocketServer } from 'ws';
import { RosServer } from '../../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../core/clock.ts';
import { type Memory, meter } from '../heap.ts';

const say = (what: number | Memory) => process.stdout.write(`${JSON.stringify(what)}\n`);

if (process.argv[2] === 'ours') {
  const { port } = await new RosServer({ port: 0, clock: new MonotonicClock() }).listen();
  say(port);
} else {
  const server: WebSocketServer = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () =>
    say((server.address() as { port: number }).port),
  );
  server.on('connection', (socket, request) => {
    request.socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('message', (data, binary) => {
      for (const other of server.clients)
        if (other !== socket && other.readyState === WebSocket.OPEN) other.send(data, { binary });
    });
  });
}

const used = meter();
createInterface({ input: process.stdin })
  .on('line', () => say(used()))
  .on('close', () => process.exit(0));
