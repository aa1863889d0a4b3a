/**
 * The Foxglove websocket protocol, version 1: what server and client say, as types, and the binary frames. All numbers
 * in binary frames are little-endian.
 * @see https://github.com/foxglove/ws-protocol/blob/8e2a044~1/docs/spec.md, and rust/foxglove/src/protocol of the SDK
 */

/** Both names of it: that of today's SDK, and that of the specification before it. */
export const SUBPROTOCOLS = ['foxglove.sdk.v1', 'foxglove.websocket.v1'] as const;

export type Capability =
  | 'clientPublish'
  | 'connectionGraph'
  | 'parameters'
  | 'parametersSubscribe'
  | 'services'
  | 'time';

export const LEVELS = { info: 0, warning: 1, error: 2 } as const;
export type Level = keyof typeof LEVELS;

/** A stream of messages of one topic. */
export interface ChannelInfo {
  id: number;
  topic: string;
  encoding: string;
  schemaName: string;
  schemaEncoding?: string;
  /** Text of the definition; empty where the encoding needs none. */
  schema: string;
}

export interface SchemaInfo {
  encoding: string;
  schemaName: string;
  schemaEncoding: string;
  schema: string;
}

export interface ServiceInfo {
  id: number;
  name: string;
  type: string;
  request: SchemaInfo;
  response: SchemaInfo;
}

/** A value without a type is what its JSON is. */
export interface Parameter {
  name: string;
  value: ParameterValue;
}
export type ParameterValue =
  | number
  | boolean
  | string
  | readonly ParameterValue[]
  | { readonly [key: string]: ParameterValue };

export interface GraphUpdate {
  publishedTopics: { name: string; publisherIds: string[] }[];
  subscribedTopics: { name: string; subscriberIds: string[] }[];
  advertisedServices: { name: string; providerIds: string[] }[];
  removedTopics: string[];
  removedServices: string[];
}

/** What a server says in text. */
export type ServerText =
  | {
      op: 'serverInfo';
      name: string;
      capabilities: Capability[];
      supportedEncodings?: string[];
      metadata?: Record<string, string>;
      sessionId: string;
    }
  | { op: 'status'; level: (typeof LEVELS)[Level]; message: string; id?: string }
  | { op: 'removeStatus'; statusIds: string[] }
  | { op: 'advertise'; channels: ChannelInfo[] }
  | { op: 'unadvertise'; channelIds: number[] }
  | { op: 'parameterValues'; parameters: Parameter[]; id?: string }
  | { op: 'advertiseServices'; services: ServiceInfo[] }
  | { op: 'serviceCallFailure'; serviceId: number; callId: number; message: string }
  | ({ op: 'connectionGraphUpdate' } & GraphUpdate);

const MESSAGE_DATA = 1;
const TIME = 2;
const SERVICE_CALL_RESPONSE = 3;
/** Of the client: its own message, and its call. */
const CLIENT_MESSAGE_DATA = 1;
const SERVICE_CALL_REQUEST = 2;

/** A message of a channel. `timeNs`: when it was logged, integer nanoseconds. */
export function messageData(subscriptionId: number, timeNs: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(13 + payload.length);
  frame[0] = MESSAGE_DATA;
  frame.writeUInt32LE(subscriptionId, 1);
  writeTime(frame, timeNs, 5);
  frame.set(payload, 13);
  return frame;
}

export function timeData(timeNs: number): Buffer {
  const frame = Buffer.allocUnsafe(9);
  frame[0] = TIME;
  writeTime(frame, timeNs, 1);
  return frame;
}

export function serviceCallResponse(call: ServiceCall, payload: Uint8Array): Buffer {
  const encoding = Buffer.from(call.encoding);
  const frame = Buffer.allocUnsafe(13 + encoding.length + payload.length);
  frame[0] = SERVICE_CALL_RESPONSE;
  frame.writeUInt32LE(call.serviceId, 1);
  frame.writeUInt32LE(call.callId, 5);
  frame.writeUInt32LE(encoding.length, 9);
  frame.set(encoding, 13);
  frame.set(payload, 13 + encoding.length);
  return frame;
}

/** uint64 without a BigInt: both halves of a time held in a number are exact. */
function writeTime(frame: Buffer, timeNs: number, at: number): void {
  frame.writeUInt32LE(timeNs % 2 ** 32, at);
  frame.writeUInt32LE(Math.floor(timeNs / 2 ** 32), at + 4);
}

export interface ClientMessage {
  readonly channelId: number;
  readonly payload: Buffer;
}
export interface ServiceCall {
  readonly serviceId: number;
  readonly callId: number;
  readonly encoding: string;
  readonly payload: Buffer;
}
export type ClientFrame =
  | { readonly op: 'message'; readonly message: ClientMessage }
  | { readonly op: 'call'; readonly call: ServiceCall };

/** What is in a binary frame of a client; a string says what is wrong with it. */
export function readClientFrame(frame: Buffer): ClientFrame | string {
  switch (frame[0]) {
    case CLIENT_MESSAGE_DATA:
      if (frame.length < 5) return tooShort(frame, 5);
      return { op: 'message', message: { channelId: frame.readUInt32LE(1), payload: frame.subarray(5) } };
    case SERVICE_CALL_REQUEST: {
      if (frame.length < 13) return tooShort(frame, 13);
      const end = 13 + frame.readUInt32LE(9);
      if (frame.length < end) return tooShort(frame, end);
      const encoding = frame.toString('utf8', 13, end);
      return {
        op: 'call',
        call: {
          serviceId: frame.readUInt32LE(1),
          callId: frame.readUInt32LE(5),
          encoding,
          payload: frame.subarray(end),
        },
      };
    }
    case undefined:
      return 'an empty binary frame';
    default:
      return `binary opcode ${frame[0]} is not known here; allowed: 1 (message), 2 (service call)`;
  }
}

const tooShort = (frame: Buffer, needed: number) =>
  `a binary frame of ${frame.length} bytes; opcode ${frame[0]} needs ${needed}`;
