/**
 * The link between the daemon's processes: frames on a local (Unix) socket.
 *
 *   u32 length of what follows · u8 kind · u8 version · u16 zero · payload
 *
 * Hot kinds (DECISION, STATUS, TICK) have a fixed binary layout of little-endian float64; cold ones are JSON. A sender
 * never queues: while the socket is backed up, a hot frame is dropped and counted (newest wins, nothing old arrives
 * late), because the next one is already on its way. A frame of another version, or a length beyond the bound, ends the
 * connection: all processes of one daemon come from one installation.
 */
import type { Socket } from 'node:net';
import { ReflexArcError } from '../core/errors.ts';

export const KIND = {
  /** brain → reflex: one decision. */
  decision: 1,
  /** reflex → all: mode, epoch, incident; sent at every tick. */
  status: 2,
  /** reflex → observer: one tick record. */
  tick: 3,
  /** brain → observer: decision with the observation that led to it. */
  observed: 4,
  /** observer → reflex: what a person wants in the policy's place. */
  takeover: 5,
  /** reflex → observer: number of the first entry, then entries of the gate's journal (src/pipeline/journal). */
  journal: 6,
  /** JSON, any → reflex: `{id, request}`; answered by `answer`. */
  request: 16,
  answer: 17,
  /** JSON, reflex → observer: one ladder transition. */
  transition: 18,
  /** JSON, reflex → observer: `{cause, by, epoch, count}`, when something takes authority from the policy. */
  intervention: 21,
  /** JSON, first frame of a client: `{role, pid}`. */
  hello: 19,
  /** JSON, asked for by a `request` of kind summary. */
  summary: 20,
  /** JSON, practice → brain: how to act in the next episode; and the brain's answer, with `why` where it does not. */
  prepare: 22,
  prepared: 23,
  /** JSON, practice → observer: how practice stands, for diagnostics. */
  practice: 24,
  /** JSON, reflex and brain → observer: how the process finds its own bridge to the robot. */
  bridge: 25,
} as const;

const VERSION = 1;
const HEADER_BYTES = 8;
export const MAX_FRAME_BYTES = 1 << 20;
/** A hot frame is dropped when more than this waits in the socket. */
const MAX_BACKLOG_BYTES = 64 * 1024;
/** Sizes of hot frames differ by the length of their text: a few dozen. */
const MAX_VIEWS = 64;

/** Sends frames; drops hot ones when the other side does not keep up. */
export class FrameSender {
  dropped = 0;
  readonly #socket: Socket;
  #buffer = Buffer.alloc(4096);
  /** Views of the buffer by size, so that a frame in the tick makes no object. */
  readonly #views = new Map<number, Buffer>();

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the other side keeps up. */
  get ready(): boolean {
    return this.#socket.writable && this.#socket.writableLength <= MAX_BACKLOG_BYTES;
  }

  #view(size: number): Buffer {
    let view = this.#views.get(size);
    if (view === undefined) {
      if (this.#views.size >= MAX_VIEWS) this.#views.clear();
      view = this.#buffer.subarray(0, size);
      this.#views.set(size, view);
    }
    return view;
  }

  #replace(bytes: number): void {
    this.#buffer = Buffer.alloc(bytes);
    this.#views.clear();
  }

  /** `values` as float64 LE, then `text` as UTF-8. Returns false when dropped. */
  sendNumbers(kind: number, values: Float64Array, count: number, text = ''): boolean {
    if (!this.ready) {
      this.dropped++;
      return false;
    }
    const textBytes = text === '' ? 0 : Buffer.byteLength(text);
    const size = HEADER_BYTES + 8 + count * 8 + textBytes;
    if (this.#buffer.length < size) this.#replace(size * 2);
    const b = this.#buffer;
    writeHeader(b, kind, size);
    b.writeUInt32LE(count, HEADER_BYTES);
    b.writeUInt32LE(textBytes, HEADER_BYTES + 4);
    for (let i = 0; i < count; i++) b.writeDoubleLE(values[i]!, HEADER_BYTES + 8 + i * 8);
    if (textBytes > 0) b.write(text, HEADER_BYTES + 8 + count * 8);
    // A socket that has nothing to write takes the bytes at once, as a rule; when it could not, they are still its own
    // after write() returns, and the next frame gets a buffer of its own.
    this.#socket.write(this.#view(size));
    if (this.#socket.writableLength > 0) this.#replace(b.length);
    return true;
  }

  sendJson(kind: number, value: unknown): boolean {
    if (!this.#socket.writable) {
      this.dropped++;
      return false;
    }
    const payload = Buffer.from(JSON.stringify(value));
    const frame = Buffer.alloc(HEADER_BYTES + payload.length);
    writeHeader(frame, kind, frame.length);
    payload.copy(frame, HEADER_BYTES);
    this.#socket.write(frame);
    return true;
  }
}

function writeHeader(b: Buffer, kind: number, size: number): void {
  b.writeUInt32LE(size - 4, 0);
  b.writeUInt8(kind, 4);
  b.writeUInt8(VERSION, 5);
  b.writeUInt16LE(0, 6);
}

export interface FrameHandler {
  /** `values` is reused: copy what you keep. */
  numbers?(kind: number, values: Float64Array, count: number, text: string): void;
  json?(kind: number, value: unknown): void;
  /** The stream is broken and the socket was destroyed. */
  broken?(error: ReflexArcError): void;
}

/** Cuts the byte stream of a socket into frames. */
export function readFrames(socket: Socket, handler: FrameHandler): void {
  let rest: Buffer = Buffer.alloc(0);
  let values = new Float64Array(256);
  const breakOff = (seen: string, allowed: string) => {
    socket.destroy();
    handler.broken?.(new ReflexArcError('RA_LINK_PROTOCOL', { seen, allowed }));
  };
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= 4) {
      const size = rest.readUInt32LE(at) + 4;
      if (size < HEADER_BYTES || size > MAX_FRAME_BYTES)
        return breakOff(`a frame of ${size} bytes`, `${HEADER_BYTES} to ${MAX_FRAME_BYTES} bytes`);
      if (rest.length - at < size) break;
      const kind = rest.readUInt8(at + 4);
      const version = rest.readUInt8(at + 5);
      if (version !== VERSION) return breakOff(`link version ${version}`, `version ${VERSION}`);
      const from = at + HEADER_BYTES;
      if (kind >= KIND.request) {
        let value: unknown;
        try {
          value = JSON.parse(rest.toString('utf8', from, at + size));
        } catch {
          return breakOff(`a frame of kind ${kind} that is not JSON`, 'JSON');
        }
        handler.json?.(kind, value);
      } else {
        const count = size >= HEADER_BYTES + 8 ? rest.readUInt32LE(from) : -1;
        const textBytes = count >= 0 ? rest.readUInt32LE(from + 4) : 0;
        if (count < 0 || HEADER_BYTES + 8 + count * 8 + textBytes !== size)
          return breakOff(
            `a frame of ${size} bytes that says ${count} numbers and ${textBytes} bytes of text`,
            'its size',
          );
        if (values.length < count) values = new Float64Array(count * 2);
        for (let i = 0; i < count; i++) values[i] = rest.readDoubleLE(from + 8 + i * 8);
        const text = textBytes > 0 ? rest.toString('utf8', from + 8 + count * 8, at + size) : '';
        handler.numbers?.(kind, values, count, text);
      }
      at += size;
      if (socket.destroyed) return;
    }
    rest = at === rest.length ? Buffer.alloc(0) : Buffer.from(rest.subarray(at));
  });
}
