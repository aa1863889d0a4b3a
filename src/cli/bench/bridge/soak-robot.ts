/**
 * The robot of the soak, in a process of its own: a server that publishes states, judges every command, and sits behind a
 * wire that it cuts (soak-wire.ts). One line of JSON on stdout when it serves; its tally when its stdin ends.
 */
import { type WebSocket, WebSocketServer } from 'ws';
import { jointStateText } from './robot.ts';
import { Arrivals } from './soak-balance.ts';
import { frameOf, type Tally, wallMs } from './soak-terms.ts';
import { type Pair, Wire } from './soak-wire.ts';

const [hz, cutEveryMs] = process.argv.slice(2).map(Number) as [number, number];
/** So far apart the wall clocks of two processes of one machine may be read. */
const CLOCKS_MS = 2;

/** Somebody who has subscribed, over one connection. */
interface Listener {
  readonly socket: WebSocket;
  readonly wire: Pair | undefined;
  readonly connection: number;
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
const wire = new Wire(() => (server.address() as { port: number }).port);
/** The newest last. */
const listeners: Listener[] = [];
const commands = new Arrivals();
const tally: Omit<Tally, 'commands' | 'disordered' | 'cuts'> = {
  ...{ published: 0, superseded: 0, down: 0, late: 0, sent: [], replayed: 0, oldestMs: 0 },
};

server.on('connection', (socket, request) => {
  const openedMs = wallMs();
  const pair = wire.of(request.socket.remotePort);
  socket.on('error', () => {});
  socket.on('close', () => {
    const at = listeners.findIndex((listener) => listener.socket === socket);
    if (at >= 0) listeners.splice(at, 1);
  });
  socket.on('message', (data) => {
    const op = JSON.parse(String(data)) as { op: string; msg?: { data?: number[] } };
    if (op.op === 'subscribe') listeners.push({ socket, wire: pair, connection: tally.sent.push(0) - 1 });
    if (op.op === 'publish') judge(op.msg?.data ?? [], openedMs);
  });
});

/** A command says for which link it was made, its number there, and when. One from before its connection was kept for it. */
function judge([link = -1, number = -1, madeMs = 0]: number[], openedMs: number): void {
  commands.accept(link, number);
  if (madeMs < openedMs - CLOCKS_MS) tally.replayed++;
  tally.oldestMs = Math.max(tally.oldestMs, wallMs() - madeMs);
}

/** To whoever listens over a whole wire; a dead one is written to as well, for a server cannot know. */
function publish(): void {
  const number = tally.published++;
  const whole = listeners.filter((listener) => listener.wire?.cut === false).at(-1);
  if (whole === undefined) tally.down++;
  else if (whole.socket.bufferedAmount > 0) tally.superseded++;
  else {
    const { connection, socket } = whole;
    socket.send(jointStateText(number, frameOf(connection, tally.sent[connection]!++)));
  }
  for (const { socket, wire: pair } of listeners)
    if (pair?.cut !== false && socket.bufferedAmount === 0) socket.send(jointStateText(number, frameOf(-1, -1)));
}

const beginMs = performance.now();
setInterval(() => {
  const due = Math.floor(((performance.now() - beginMs) * hz) / 1000);
  const behind = due - tally.published - tally.late;
  // What is late is left out: a robot does not catch up.
  if (behind > hz / 10) tally.late += behind;
  while (tally.published + tally.late < due) publish();
}, 1);

const port = await wire.listen();
setInterval(() => wire.cutNext(), cutEveryMs);
process.stdout.write(`${port}\n`);
process.stdin
  .on('end', () => {
    const { all, disordered } = commands;
    const whole: Tally = { ...tally, cuts: wire.cuts, commands: all, disordered };
    process.stdout.write(`${JSON.stringify(whole)}\n`, () => process.exit(0));
  })
  .resume();
