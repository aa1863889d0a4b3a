import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** An operation as it came from a client, before anything was made of it. */
export interface Said {
  op: string;
  topic?: string;
  service?: string;
  type?: string;
  msg?: unknown;
  [field: string]: unknown;
}

type Fields = Record<string, unknown>;
const isFields = (v: unknown): v is Fields => typeof v === 'object' && v !== null;

/**
 * The rosbridge of a ROS 1 robot, where there is none: it stands before a server that speaks ROS 2 and is, to its clients,
 * one of ROS 1, by what was measured of rosbridge_suite's ROS 1 branch. Types are `pkg/Type`, times `{secs, nsecs}`, headers
 * have a `seq`, and rosapi answers so; there is no `/rosapi/get_ros_version`. What that server drops without a word is
 * dropped here too, and is in `dropped`: a type in the long spelling, `null` for a number. What that server takes but makes
 * something else of is in `odd`, and goes on: a time in the spelling of ROS 2 (it sets now), a header without its `seq`.
 */
export class Ros1Bridge {
  /** Everything that clients said, in order. */
  readonly said: Said[] = [];
  /** Of these, what went on to the robot. */
  readonly passed: Said[] = [];
  readonly dropped: string[] = [];
  readonly odd: string[] = [];
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  static async before(ros2Port: number): Promise<Ros1Bridge> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    const bridge = new Ros1Bridge(server);
    server.on('connection', (near) => bridge.#connect(near, `ws://127.0.0.1:${ros2Port}`));
    await once(server, 'listening');
    return bridge;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What was published on a topic, and was not dropped. */
  on(topic: string): Said[] {
    return this.passed.filter((one) => one.op === 'publish' && one.topic === topic);
  }

  #connect(near: WebSocket, url: string): void {
    const far = new WebSocket(url, { perMessageDeflate: false });
    const waiting: string[] = [];
    const pass = (text: string) => (far.readyState === WebSocket.OPEN ? far.send(text) : waiting.push(text));
    far.on('open', () => {
      for (const text of waiting) far.send(text);
    });
    near.on('message', (data) => {
      const operation = JSON.parse(String(data)) as Said;
      this.said.push(operation);
      if (operation.op === 'call_service' && operation.service === '/rosapi/get_ros_version') {
        const { id, service } = operation;
        const values = `Service ${service} does not exist`;
        near.send(JSON.stringify({ op: 'service_response', id, service, values, result: false }));
        return;
      }
      const { dropped, odd } = faultsOf(operation);
      const named = (fault: string) => `${operation.op} ${operation.topic ?? operation.service}: ${fault}`;
      this.dropped.push(...dropped.map(named));
      this.odd.push(...odd.map(named));
      if (dropped.length > 0) return;
      this.passed.push(operation);
      pass(JSON.stringify(toRos2(operation)));
    });
    far.on('message', (data) => {
      const operation = JSON.parse(String(data)) as Said;
      near.send(JSON.stringify(toRos1(operation)));
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.terminate());
    }
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }
}

function faultsOf({ op, type, msg, values }: Said): { dropped: string[]; odd: string[] } {
  const dropped: string[] = [];
  const odd: string[] = [];
  // The type of a call is looked at by nobody: the service is there, or it is not.
  if (op !== 'call_service' && typeof type === 'string' && type.split('/').length !== 2) dropped.push(`type ${type}`);
  visit(msg ?? values, '', (value, path) => {
    if (value === null) dropped.push(`null at ${path}`);
    if (!isFields(value)) return;
    if ('nanosec' in value) odd.push(`a time of ROS 2 at ${path}`);
    if ('stamp' in value && 'frame_id' in value && value.seq !== 0) odd.push(`no seq at ${path}`);
  });
  return { dropped, odd };
}

function visit(value: unknown, path: string, see: (value: unknown, path: string) => void): void {
  see(value, path);
  if (isFields(value)) for (const key of Object.keys(value)) visit(value[key], `${path}.${key}`, see);
}

/** A copy in which every object is as `change` makes it, from the inside out. */
function rebuilt(value: unknown, change: (fields: Fields) => Fields): unknown {
  if (Array.isArray(value)) return value.map((one) => rebuilt(one, change));
  if (!isFields(value)) return value;
  return change(Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rebuilt(one, change)])));
}

const toRos2 = (operation: Said) =>
  rebuilt(operation, ({ secs, nsecs, seq, ...rest }) => {
    if (secs !== undefined) return { sec: secs, nanosec: nsecs };
    return { ...rest, ...(seq !== undefined && !('stamp' in rest && 'frame_id' in rest) && { seq }) };
  });

let seq = 0;
const toRos1 = (operation: Said) =>
  rebuilt(operation, (fields) => {
    if ('sec' in fields && 'nanosec' in fields) return { secs: fields.sec, nsecs: fields.nanosec };
    if ('stamp' in fields && 'frame_id' in fields) return { seq: seq++, ...fields };
    // What rosapi says of types.
    for (const key of ['type', 'types']) if (key in fields) fields[key] = rebuiltTypes(fields[key]);
    return fields;
  });

const shortType = (type: unknown) => (typeof type === 'string' ? type.replace(/\/(msg|srv)\//, '/') : type);
const rebuiltTypes = (types: unknown) => (Array.isArray(types) ? types.map(shortType) : shortType(types));
