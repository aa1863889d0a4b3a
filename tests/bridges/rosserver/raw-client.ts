import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface Received {
  op: string;
  [field: string]: unknown;
}

/** A websocket that says exactly what a test wants said, and remembers all that it is told. */
export class RawClient {
  readonly received: Received[] = [];
  readonly socket: WebSocket;
  #waiting: (() => void)[] = [];
  #barriers = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data) => {
      this.received.push(JSON.parse(String(data)));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async open(port: number, headers: Record<string, string> = {}): Promise<RawClient> {
    const client = new RawClient(new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false, headers }));
    await once(client.socket, 'open');
    return client;
  }

  /** Text and bytes go out as they are, anything else as JSON. */
  send(...frames: unknown[]): void {
    for (const frame of frames)
      this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** The first message from now on, or before, that `is` what the test waits for. */
  async until(is: (message: Received) => boolean): Promise<Received> {
    for (;;) {
      const found = this.received.find(is);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Everything that the server sent back for what was sent until now: a call behind it has been answered. */
  async settled(): Promise<Received[]> {
    const id = `barrier ${++this.#barriers}`;
    this.send({ op: 'call_service', service: '/rosapi/get_time', id });
    await this.until((m) => m.id === id);
    return this.received.filter((m) => !String(m.id ?? '').startsWith('barrier'));
  }

  /** The `msg` of all publications so far. */
  get published(): unknown[] {
    return this.received.filter((m) => m.op === 'publish').map((m) => m.msg);
  }

  close(): void {
    this.socket.terminate();
  }
}
