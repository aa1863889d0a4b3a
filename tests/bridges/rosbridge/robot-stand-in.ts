import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { BridgeFault, LinkState } from '../../../bridges/bridge.ts';
import { RosbridgeClient, type RosbridgeContext } from '../../../bridges/rosbridge/client.ts';
import { type BridgeConfig, bridgeSchema } from '../../../src/core/bridge-schema.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import type { ReflexArcError } from '../../../src/core/errors.ts';
import { SeededRandom } from '../../../src/core/random.ts';
import type { CommandEncoder, SafeAction } from '../../../src/core/signals.ts';

/** A certificate for 127.0.0.1 that nobody has signed but itself, and its key, in `dir`. */
export function certificate(dir: string): { cert: string; key: string } {
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' });
  return { cert, key };
}

export interface Received {
  op: string;
  [field: string]: unknown;
}

/** A server that speaks only when a test says so. `autoPong: false` makes one that never answers a ping. */
export class StandIn {
  readonly sockets: WebSocket[] = [];
  /** Operations received, over all connections. */
  readonly operations: Received[] = [];
  /** Told of each operation; what it returns is said on the same connection. */
  answer: (operation: Received, socket: WebSocket) => object | undefined = () => undefined;
  readonly #from = new Map<Received, WebSocket>();
  readonly #server: WebSocketServer;
  #waiting: (() => void)[] = [];

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.sockets.push(socket);
      socket.on('error', () => {});
      socket.on('message', (data) => {
        const operation = JSON.parse(String(data)) as Received;
        this.operations.push(operation);
        this.#from.set(operation, socket);
        const answer = this.answer(operation, socket);
        if (answer !== undefined) socket.send(JSON.stringify(answer));
        this.#wake();
      });
      this.#wake();
    });
  }

  static async open(options: { port?: number; autoPong?: boolean } = {}): Promise<StandIn> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
    const standIn = new StandIn(server);
    await once(server, 'listening');
    return standIn;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  of(op: string): Received[] {
    return this.operations.filter((o) => o.op === op);
  }

  from(operation: Received): WebSocket {
    return this.#from.get(operation)!;
  }

  /** The newest connection that such an operation came over. */
  socket(op: 'subscribe' | 'advertise' | 'call_service' | 'advertise_service'): WebSocket {
    return this.from(this.of(op).at(-1)!);
  }

  /** On the newest connection that has subscribed something. */
  tell(...frames: unknown[]): void {
    for (const frame of frames)
      this.socket('subscribe').send(
        typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame),
        { binary: Buffer.isBuffer(frame) },
      );
  }

  /** To every connection. Text goes out as it is. */
  say(...frames: unknown[]): void {
    for (const socket of this.sockets)
      for (const frame of frames) socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

export const COMMAND = '/command';

/** Commands that carry their number and nothing else. `bytes` pads them. */
export function encoder(bytes = 0): CommandEncoder {
  const type = 'reflexarc_msgs/msg/EquilibriumCommand';
  return {
    topic: COMMAND,
    type,
    encode: ({ seq }) => ({ topic: COMMAND, type, message: { seq, padding: 'x'.repeat(bytes) } }),
  };
}

/** As the gate would have made it. Tests of the bridge need one, and the gate is the only place that makes them. */
export function action(seq: number, expiresNs = Number.POSITIVE_INFINITY): SafeAction {
  return {
    setpoint: new Float64Array(9),
    mode: 'ACTIVE',
    source: 'policy',
    epoch: 1,
    seq,
    stampNs: 0,
    expiresNs,
    leaseMs: 100,
    stateStampNs: 0,
  } as unknown as SafeAction;
}

export interface Made {
  bridge: RosbridgeClient;
  links: LinkState[];
  errors: ReflexArcError[];
  /** What was well again. */
  cleared: BridgeFault[];
  /** The commands that it said it sent, in order. */
  sent: number[];
}

export function client(url: string, config: Partial<BridgeConfig> = {}, context: Partial<RosbridgeContext> = {}): Made {
  const errors: ReflexArcError[] = [];
  const cleared: BridgeFault[] = [];
  const bridge = new RosbridgeClient(
    bridgeSchema.parse({ url, ping_ms: 10_000, backoff_ms: [1, 5], verify: false, ...config }),
    {
      clock: new MonotonicClock(),
      random: new SeededRandom(1),
      topics: [],
      encoder: null,
      log: (error) => errors.push(error),
      cleared: (fault) => cleared.push(fault),
      ...context,
    },
  );
  const links: LinkState[] = [];
  bridge.link$.subscribe((link) => links.push(link));
  const sent: number[] = [];
  const send = bridge.send.bind(bridge);
  bridge.send = (one) => {
    const said = send(one);
    if (said.sent) sent.push(said.seq);
    return said;
  };
  return { bridge, links, errors, cleared, sent };
}

const FRESH = 1e6;
/**
 * After whatever a server did, a fresh command goes out and arrives; and what arrived before it is what was said to be sent,
 * in that order, less what a connection that was cut took with it: nothing that was refused, nothing twice, nothing late.
 * Commands have one connection at a time, so that what would come late comes before the fresh one.
 */
export async function nothingOldIsSent({ bridge, sent }: Made, standIn: StandIn): Promise<void> {
  await untilSent(bridge, FRESH);
  const arrived = () =>
    standIn
      .of('publish')
      .filter((o) => o.topic === COMMAND)
      .map((o) => (o.msg as { seq: number }).seq);
  await standIn.until(() => arrived().includes(FRESH));
  let at = 0;
  const late = arrived().filter((seq) => {
    const found = sent.indexOf(seq, at);
    if (found >= 0) at = found + 1;
    return found < 0;
  });
  if (late.length > 0)
    throw new Error(`arrived and was not sent, or not then: ${late.join(', ')}; sent: ${sent.join(', ')}`);
}

/** Waits, with no limit but the test's, until `holds`. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** The first time that a command goes out: a link takes commands once the server has answered on it. */
export async function untilSent(bridge: RosbridgeClient, seq: number): Promise<void> {
  await until(() => bridge.send(action(seq)).sent);
}
