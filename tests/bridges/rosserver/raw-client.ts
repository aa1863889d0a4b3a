import { once } from 'node:events';
import { decode } from 'cbor2';
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
    socket.on('message', (data, binary) => {
      this.received.push(binary ? decode(data as Buffer) : JSON.parse(String(data)));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** `at`: a port of this machine, or a whole address. */
  static async open(
    at: number | string,
    headers: Record<string, string> = {},
    tls: { ca?: string | Buffer } = {},
  ): Promise<RawClient> {
    const url = typeof at === 'string' ? at : `ws://127.0.0.1:${at}`;
    const client = new RawClient(new WebSocket(url, { perMessageDeflate: false, headers, ...tls }));
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

  /** Calls a service; its answer. */
  async call(service: string, args: unknown = {}, more: object = {}): Promise<Received> {
    const id = `call ${++this.#barriers}`;
    this.send({ op: 'call_service', service, args, id, ...more });
    return this.until((m) => m.op === 'service_response' && m.id === id);
  }

  /** The `msg` of all publications so far. */
  get published(): unknown[] {
    return this.received.filter((m) => m.op === 'publish').map((m) => m.msg);
  }

  close(): void {
    this.socket.terminate();
  }
}
