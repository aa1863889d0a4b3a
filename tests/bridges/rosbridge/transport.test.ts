import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { WsTransport } from '../../../bridges/rosbridge/transport.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';
import { until } from './robot-stand-in.ts';

/** What our websockets are pinned to, on the client's side and on the server's. */
let server: WebSocketServer;
let peer: WebSocket;
let request: IncomingMessage;
let transport: WsTransport;
let operations: object[];
let errors: string[];
const LIMIT = 1000;

beforeEach(async () => {
  // One that would compress, and never answers a ping.
  server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true, autoPong: false });
  await once(server, 'listening');
  operations = [];
  errors = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  transport?.close();
  server.close();
});

async function connect(pingMs = 1e6): Promise<void> {
  transport = new WsTransport(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    ...{ pingMs, handshake: {}, maxMessageBytes: LIMIT, isExact: () => false },
    onMalformed: (why) => errors.push(why),
  });
  transport.on('message', (operation) => operations.push(operation));
  transport.on('error', (error: Error) => errors.push(error.message));
  [peer, request] = (await once(server, 'connection')) as [WebSocket, IncomingMessage];
  peer.on('error', () => {});
  await until(() => transport.isOpen());
}

describe('our websocket to a robot', () => {
  it('offers no compression, also to a server that would like some: a command is not held back to be packed', async () => {
    await connect();
    expect(request.headers['sec-websocket-extensions']).toBeUndefined();
    expect(peer.extensions).toBe('');
  });

  it('has Nagle switched off, and nothing switches it on again', async () => {
    const delays = new Map<Socket, boolean>();
    const real = Socket.prototype.setNoDelay;
    vi.spyOn(Socket.prototype, 'setNoDelay').mockImplementation(function (this: Socket, noDelay = true) {
      delays.set(this, noDelay);
      return real.call(this, noDelay);
    });
    await connect();
    const ours = [...delays].filter(([socket]) => socket.localPort === request.socket.remotePort);
    expect(ours.map(([, noDelay]) => noDelay)).toEqual([true]);
  });

  it('takes a message of the largest size, and ends at one byte more', async () => {
    covers('client', 'frame.oversized', 'hostile');
    await connect();
    const ended = new Promise((resolve) => transport.once('close', resolve));
    const sized = (bytes: number) => {
      const bare = JSON.stringify({ op: 'status', msg: '' }).length;
      return JSON.stringify({ op: 'status', msg: 'x'.repeat(bytes - bare) });
    };
    peer.send(sized(LIMIT));
    await until(() => operations.length === 1);
    expect(errors).toEqual([]);
    peer.send(sized(LIMIT + 1));
    await ended;
    expect([operations.length, errors]).toEqual([1, ['Max payload size exceeded']]);
  });

  it('pings once an interval, and ends at the fourth when three have not been answered', async () => {
    covers('client', ['ping', 'half_open'], 'hostile');
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await connect(100);
    const pings: string[] = [];
    peer.on('ping', (data) => pings.push(String(data)));
    vi.advanceTimersByTime(300);
    vi.useRealTimers();
    await until(() => pings.length === 3);
    expect([pings, transport.acknowledged, errors]).toEqual([['1', '2', '3'], false, []]);
  });

  it('ends at the interval after three pings without an answer, and not while they are answered', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await connect(100);
    for (let i = 1; i <= 10; i++) {
      vi.advanceTimersByTime(100);
      peer.pong(String(i));
      while (!transport.acknowledged) await new Promise((resolve) => setImmediate(resolve));
    }
    peer.send('{"op":"status"}');
    while (operations.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([]);
    vi.advanceTimersByTime(300);
    expect(errors).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(errors).toEqual(['no answer to a ping for 300 ms']);
  });
});

describe('our server', () => {
  it('accepts no compression from who offers it, has Nagle switched off, and bounds what one message may be', async () => {
    covers('server', 'frame.oversized', 'hostile');
    const delays = new Map<Socket, boolean>();
    const real = Socket.prototype.setNoDelay;
    vi.spyOn(Socket.prototype, 'setNoDelay').mockImplementation(function (this: Socket, noDelay = true) {
      delays.set(this, noDelay);
      return real.call(this, noDelay);
    });
    const ours = new RosServer({ port: 0, clock: new MonotonicClock(), maxMessageBytes: LIMIT });
    const { port } = await ours.listen();
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: true });
    client.on('error', () => {});
    await once(client, 'open');
    expect(client.extensions).toBe('');
    const accepted = [...delays].filter(([socket]) => socket.localPort === port);
    expect(accepted.map(([, noDelay]) => noDelay)).toEqual([true]);
    const pong = once(client, 'pong');
    client.send(`{"op":"set_level","level":"none"}${' '.repeat(LIMIT - 33)}`);
    client.ping();
    await pong;
    client.send('x'.repeat(LIMIT + 1));
    const [code] = await once(client, 'close');
    expect(code).toBe(1009);
    expect(ours.counters.refused).toMatchObject({ oversized: 1 });
    await ours.close();
  });
});
