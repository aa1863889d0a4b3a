/**
 * The robot's side of the bridge benches, in a process of its own: a websocket server that speaks just enough of the
 * rosbridge protocol, and answers a control connection. Ends when its stdin does.
 */
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { jointStateText, type RobotAnswer, type RobotOrder } from './robot.ts';

const server: WebSocketServer = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () =>
  process.stdout.write(`${(server.address() as { port: number }).port}\n`),
);
process.stdin.on('end', () => process.exit(0)).resume();

/** The connection that hears the states. Orders may be read before the subscription, which comes another way: they wait. */
let listener: { socket: WebSocket; wire: Socket } | null = null;
const waiting: (() => void)[] = [];
const withListener = (act: () => void) => (listener === null ? waiting.push(act) : act());
/** Milliseconds of the state with this number; NaN once it is answered. */
const sentMs = new Float64Array(1 << 20);
let answered: number[] = [];

server.on('connection', (socket, request) => {
  request.socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('message', (data) => {
    const op = JSON.parse(String(data)) as
      | { op: 'publish'; msg?: { data?: number[] } }
      | { op: 'subscribe' }
      | RobotOrder;
    if (op.op === 'publish') answer(op.msg?.data?.[0] ?? -1);
    else if (op.op === 'subscribe') {
      listener = { socket, wire: request.socket };
      for (const act of waiting.splice(0)) act();
    } else if (op.op === 'forget') {
      listener = null;
      say(socket, { done: 'forget' });
    } else if (op.op === 'flood') withListener(() => flood(op.count, () => say(socket, { done: 'flood' })));
    else if (op.op === 'pace')
      withListener(() => pace(op.hz, op.count, (sent) => say(socket, { done: 'pace', sent, answeredMs: answered })));
  });
});

const say = (socket: WebSocket, answer: RobotAnswer) => socket.send(JSON.stringify(answer));

/** As fast as the wire takes them: frames made once, a hundred in a write. */
function flood(count: number, done: () => void): void {
  const { wire } = listener!;
  const one = frameOf(Buffer.from(jointStateText(1)));
  const chunk = Buffer.concat(Array(100).fill(one));
  let left = count;
  const write = () => {
    while (left > 0) {
      const n = Math.min(100, left);
      left -= n;
      if (!wire.write(n === 100 ? chunk : chunk.subarray(0, n * one.length)) && left > 0) {
        wire.once('drain', write);
        return;
      }
    }
    done();
  };
  write();
}

/** An unmasked text frame, as a server writes it, of 126 to 65,535 bytes. */
function frameOf(payload: Buffer): Buffer {
  const head = Buffer.from([0x81, 126, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** `count` states at `hz`, by a loop that does not sleep; then a moment for the last answers. */
function pace(hz: number, count: number, done: (sent: number) => void): void {
  answered = [];
  const begin = performance.now();
  let sent = 0;
  const step = () => {
    const now = performance.now();
    // What is late is sent late: a robot does not catch up.
    if (now >= begin + (sent * 1000) / hz && sent < count) {
      sentMs[sent] = performance.now();
      listener!.socket.send(jointStateText(sent));
      sent++;
    }
    if (sent < count) setImmediate(step);
    else setTimeout(() => done(sent), 100);
  };
  step();
}

function answer(number: number): void {
  const at = sentMs[number];
  if (at === undefined || Number.isNaN(at)) return;
  answered.push(performance.now() - at);
  sentMs[number] = Number.NaN;
}
