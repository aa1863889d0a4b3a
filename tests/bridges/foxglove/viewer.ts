import { once } from 'node:events';
import { createRequire } from 'node:module';
import { parse } from '@foxglove/rosmsg';
import { MessageReader, MessageWriter } from '@foxglove/rosmsg2-serialization';
import type {
  Channel,
  ConnectionGraphUpdate,
  FoxgloveClient,
  Parameter,
  ServerInfo,
  Service,
  ServiceCallFailure,
  StatusMessage,
} from '@foxglove/ws-protocol';
import { WebSocket } from 'ws';

// Its ES modules are none for Node.
const stock = createRequire(import.meta.url)('@foxglove/ws-protocol') as typeof import('@foxglove/ws-protocol');

export interface Shown {
  topic: string;
  message: Record<string, unknown>;
  timeNs: bigint;
}

/**
 * The stock client (@foxglove/ws-protocol, as Lichtblick has it) on a real socket. It subscribes and decodes as Lichtblick
 * does: schemas parsed by @foxglove/rosmsg, bytes read by @foxglove/rosmsg2-serialization.
 */
export class Viewer {
  readonly client: FoxgloveClient;
  readonly socket: WebSocket;
  readonly channels = new Map<string, Channel>();
  readonly services = new Map<string, Service>();
  readonly shown: Shown[] = [];
  readonly statuses: StatusMessage[] = [];
  readonly removedStatuses: string[] = [];
  readonly parameters: { parameters: Parameter[]; id?: string }[] = [];
  readonly graphs: ConnectionGraphUpdate[] = [];
  readonly times: bigint[] = [];
  readonly errors: Error[] = [];
  info: ServerInfo | null = null;
  readonly #topics = new Map<number, { topic: string; read: (data: ArrayBufferView) => unknown }>();
  readonly #calls = new Map<number, (answer: unknown) => void>();
  #waiting: (() => void)[] = [];
  #nextCall = 1;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.client = new stock.FoxgloveClient({ ws: socket as never });
    const on = this.client.on.bind(this.client);
    on('error', (error) => this.errors.push(error));
    on('serverInfo', (info) => {
      this.info = info;
    });
    on('advertise', (channels) => {
      for (const channel of channels) this.channels.set(channel.topic, channel);
    });
    on('unadvertise', (ids) => {
      for (const { id, topic } of [...this.channels.values()]) if (ids.includes(id)) this.channels.delete(topic);
    });
    on('advertiseServices', (services) => {
      for (const service of services) this.services.set(service.name, service);
    });
    on('status', (status) => this.statuses.push(status));
    on('removeStatus', ({ statusIds }) => this.removedStatuses.push(...statusIds));
    on('parameterValues', (values) => this.parameters.push(values));
    on('connectionGraphUpdate', (update) => this.graphs.push(update));
    on('time', ({ timestamp }) => this.times.push(timestamp));
    on('message', ({ subscriptionId, timestamp, data }) => {
      const { topic, read } = this.#topics.get(subscriptionId)!;
      this.shown.push({ topic, message: read(data) as Record<string, unknown>, timeNs: timestamp });
    });
    on('serviceCallResponse', ({ serviceId, callId, data, encoding }) => {
      const service = [...this.services.values()].find(({ id }) => id === serviceId)!;
      if (encoding !== service.response!.encoding) throw new Error(`an answer in ${encoding}`);
      this.#calls.get(callId)?.(readerOf(service.response!.schema)(data));
    });
    on('serviceCallFailure', (failure) => this.#calls.get(failure.callId)?.(failure));
    // After the client's own handler.
    socket.addEventListener('message', () => {
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** Connects, and waits until it knows who serves and what there is. */
  static async open(
    port: number,
    { protocols = ['foxglove.sdk.v1'] as string[], query = '', origin = undefined as string | undefined } = {},
  ): Promise<Viewer> {
    const url = `ws://127.0.0.1:${port}/${query}`;
    const socket = new WebSocket(url, protocols, {
      perMessageDeflate: false,
      ...(origin === undefined ? {} : { origin }),
    });
    const viewer = new Viewer(socket);
    await once(socket, 'open');
    await viewer.settled();
    return viewer;
  }

  async until(test: () => boolean): Promise<void> {
    while (!test()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** All that the server had to say to what was sent until now has come: an answer to a request behind it is here. */
  async settled(): Promise<void> {
    const id = `barrier ${this.#nextCall++}`;
    this.client.getParameters(['none'], id);
    await this.until(() => this.parameters.some((values) => values.id === id));
  }

  /** Subscription id. */
  subscribe(topic: string): number {
    const channel = this.channels.get(topic);
    if (channel === undefined) throw new Error(`${topic} is not advertised`);
    const id = this.client.subscribe(channel.id);
    const read =
      channel.encoding === 'json'
        ? (data: ArrayBufferView) => JSON.parse(Buffer.from(asBytes(data)).toString())
        : readerOf(channel.schema);
    this.#topics.set(id, { topic, read });
    return id;
  }

  of(topic: string): Record<string, unknown>[] {
    return this.shown.filter((shown) => shown.topic === topic).map(({ message }) => message);
  }

  /** The response, or the failure. */
  async call(name: string, request: unknown = {}): Promise<Record<string, unknown> | ServiceCallFailure> {
    const service = this.services.get(name)!;
    const writer = new MessageWriter(parse(service.request!.schema, { ros2: true }));
    const bytes = writer.writeMessage(request);
    const callId = this.#nextCall++;
    const answer = new Promise<unknown>((resolve) => this.#calls.set(callId, resolve));
    this.client.sendServiceCallRequest({
      serviceId: service.id,
      callId,
      encoding: service.request!.encoding,
      data: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    });
    return (await answer) as never;
  }

  close(): void {
    this.socket.terminate();
  }
}

const asBytes = (data: ArrayBufferView) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Typed arrays as plain ones, so that they compare. */
function readerOf(schema: string): (data: ArrayBufferView) => unknown {
  const reader = new MessageReader(parse(schema, { ros2: true }));
  return (data) => plain(reader.readMessage(asBytes(data)));
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, plain);
  return Object.fromEntries(Object.entries(value).map(([key, within]) => [key, plain(within)]));
}
