/**
 * The robot of the soak, in a process of its own: a server that publishes states, judges every command, and sits behind a
 * wire that it cuts. One line of JSON on stdout when it serves and at each cut; its tally when its stdin ends.
 */
import { connect, createServer, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { jointStateText } from './robot.ts';
import { CUTS, type Cut, type Tally, wallMs } from './soak-terms.ts';

const [hz, cutEveryMs] = process.argv.slice(2).map(Number) as [number, number];
/** So far apart the wall clocks of two processes of one machine may be read. */
const CLOCKS_MS = 2;
/** How long a dead wire stays dead: longer than the client needs to find out. */
const DEAD_MS = 1000;

// ---- the robot --------------------------------------------------------------------------------------------------------
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
const listeners = new Set<WebSocket>();
const tally: Tally = { states: 0, cuts: 0, received: 0, duplicates: 0, replayed: 0, disordered: 0, oldestMs: 0 };
let newest = 0;

server.on('connection', (socket) => {
  const openedMs = wallMs();
  socket.on('error', () => {});
  socket.on('close', () => listeners.delete(socket));
  socket.on('message', (data) => {
    const op = JSON.parse(String(data)) as { op: string; msg?: { data?: number[] } };
    if (op.op === 'subscribe') listeners.add(socket);
    if (op.op === 'publish') judge(op.msg?.data ?? [], openedMs);
  });
});

/** A command says its number and when it was made. One from before its connection was kept for it. */
function judge([seq = 0, madeMs = 0]: number[], openedMs: number): void {
  tally.received++;
  if (seq === newest) tally.duplicates++;
  else if (seq < newest) tally.disordered++;
  if (madeMs < openedMs - CLOCKS_MS) tally.replayed++;
  tally.oldestMs = Math.max(tally.oldestMs, wallMs() - madeMs);
  newest = Math.max(newest, seq);
}

const beginMs = performance.now();
setInterval(() => {
  const due = Math.floor(((performance.now() - beginMs) * hz) / 1000);
  // What is late is left out: a robot does not catch up.
  if (due > tally.states + hz / 10) tally.states = due;
  while (tally.states < due) {
    const text = jointStateText(tally.states++);
    for (const socket of listeners) if (socket.bufferedAmount === 0) socket.send(text);
  }
}, 1);

// ---- the wire ---------------------------------------------------------------------------------------------------------
interface Pair {
  near: Socket;
  far: Socket;
  /** What the client has asked for over it, as far as its first bytes tell. */
  role: 'commands' | 'states' | 'other';
}
const pairs = new Set<Pair>();
let refusing = false;

const wire = createServer((near) => {
  if (refusing) {
    near.destroy();
    return;
  }
  const far = connect((server.address() as { port: number }).port, '127.0.0.1');
  const pair: Pair = { near, far, role: 'other' };
  pairs.add(pair);
  const end = () => {
    pairs.delete(pair);
    near.destroy();
    far.destroy();
  };
  for (const socket of [near, far]) {
    socket.setNoDelay(true);
    socket.on('error', end);
    socket.on('close', end);
  }
  near.on('data', (bytes) => far.write(bytes));
  far.on('data', (bytes) => near.write(bytes));
});

const destroy = ({ near, far }: Pair) => {
  near.destroy();
  far.destroy();
};
const cuts: Record<Cut, () => void> = {
  all: () => [...pairs].forEach(destroy),
  // Whichever it is: over time each of them is.
  one: () => destroy([...pairs][tally.cuts % pairs.size]!),
  /** Half open: what is written goes nowhere, and nobody is told. */
  dead: () => {
    const dead = [...pairs];
    for (const { near, far } of dead) {
      near.removeAllListeners('data').resume();
      far.removeAllListeners('data').resume();
    }
    setTimeout(() => dead.forEach(destroy), DEAD_MS);
  },
  /** The server is away for a while, as at a restart. */
  away: () => {
    refusing = true;
    [...pairs].forEach(destroy);
    setTimeout(() => {
      refusing = false;
    }, DEAD_MS / 2);
  },
};
setInterval(() => {
  if (pairs.size === 0) return;
  const cut = CUTS[tally.cuts % CUTS.length]!;
  cuts[cut]();
  tally.cuts++;
}, cutEveryMs);

wire.listen(0, '127.0.0.1', () => process.stdout.write(`${(wire.address() as { port: number }).port}\n`));
process.stdin
  .on('end', () => {
    process.stdout.write(`${JSON.stringify(tally)}\n`, () => process.exit(0));
  })
  .resume();
