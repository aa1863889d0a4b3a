import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { TYPES } from '../../../../bridges/messages/messages.ts';
import { RosServer } from '../../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../core/clock.ts';
import { COMMAND_TYPE, COMMANDS, jointState, jointStateText, STATES } from './robot.ts';

/** The robot's end of the bridge: it says states, and hears commands by the number that they answer. */
export interface RobotEnd {
  /** Its port. */
  listen(): Promise<number>;
  publish(number: number): void;
  /** Who has subscribed is no longer told. */
  forget(): void;
  /** As fast as the wire takes them. */
  flood(count: number, done: () => void): void;
}

/** Our own server as it is, in the robot's process, as the simulated robot has it. */
export class OurEnd implements RobotEnd {
  readonly #server = new RosServer({ port: 0, clock: new MonotonicClock() });

  constructor(onCommand: (number: number) => void) {
    this.#server.onPublish(COMMANDS, COMMAND_TYPE, (message) =>
      onCommand((message as { data?: number[] }).data?.[0] ?? -1),
    );
  }

  async listen(): Promise<number> {
    return (await this.#server.listen()).port;
  }

  publish(number: number): void {
    this.#server.publish(STATES, TYPES.jointState, jointState(number));
  }

  /** Whoever has left is not told anyway. */
  forget(): void {}

  flood(): void {
    throw new Error('our server is flooded through a relay (relay.ts)');
  }
}

/** A bare websocket server that parses what comes and looks at nothing more. */
export class BareEnd implements RobotEnd {
  readonly #server: WebSocketServer;
  /** The connection that hears the states. Orders may be read before the subscription, which comes another way: they wait. */
  #listener: { socket: WebSocket; wire: Socket } | null = null;
  #waiting: (() => void)[] = [];

  constructor(onCommand: (number: number) => void) {
    this.#server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    this.#server.on('connection', (socket, request) => {
      request.socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('message', (data) => {
        const op = JSON.parse(String(data)) as { op: string; msg?: { data?: number[] } };
        if (op.op === 'publish') onCommand(op.msg?.data?.[0] ?? -1);
        else if (op.op === 'subscribe') {
          this.#listener = { socket, wire: request.socket };
          for (const act of this.#waiting.splice(0)) act();
        }
      });
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) =>
      this.#server.once('listening', () => resolve((this.#server.address() as { port: number }).port)),
    );
  }

  publish(number: number): void {
    this.#listener?.socket.send(jointStateText(number));
  }

  forget(): void {
    this.#listener = null;
  }

  /** Frames made once, a hundred in a write. */
  flood(count: number, done: () => void): void {
    if (this.#listener === null) {
      this.#waiting.push(() => this.flood(count, done));
      return;
    }
    const { wire } = this.#listener;
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
}

/** An unmasked text frame, as a server writes it, of 126 to 65,535 bytes. */
function frameOf(payload: Buffer): Buffer {
  const head = Buffer.from([0x81, 126, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
