import { beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { Outbox } from '../../../bridges/foxglove/outbox.ts';

/** A socket whose other end reads when a test says so. */
class Unread {
  readonly OPEN = 1;
  readonly readyState = 1;
  bufferedAmount = 0;
  readonly sent: Buffer[] = [];
  #written: (() => void)[] = [];

  send(frame: Buffer, _options: object, written: () => void): void {
    this.sent.push(frame);
    this.bufferedAmount += frame.length;
    this.#written.push(written);
  }

  /** Until nothing more is sent. */
  read(): void {
    for (let next = this.#written.shift(); next !== undefined; next = this.#written.shift()) {
      this.bufferedAmount = 0;
      next();
    }
  }
}

const MB = 1_000_000;
let socket: Unread;
let outbox: Outbox;
/** The first byte of a frame says which it is. */
const say = (channel: number, bytes: number, mark = channel) => outbox.message(channel, Buffer.alloc(bytes, mark));
const marks = () => socket.sent.map((frame) => frame[0]);

beforeEach(() => {
  socket = new Unread();
  outbox = new Outbox(socket as unknown as WebSocket, () => {});
  // What is on its way: all that follows waits.
  say(0, MB);
});

describe('what waits for a viewer that does not read', () => {
  it('is no more than 8 MB over all channels: the oldest give way, and are counted', () => {
    for (let channel = 1; channel <= 10; channel++) say(channel, MB);
    expect([outbox.waiting, outbox.dropped]).toEqual([{ messages: 8, bytes: 8 * MB }, 2]);
    socket.read();
    expect(marks()).toEqual([0, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(outbox.waiting).toEqual({ messages: 0, bytes: 0 });
  });

  it('is counted anew where a message takes the place of an older one of its channel', () => {
    say(1, 3 * MB, 11);
    say(2, 3 * MB, 12);
    say(1, MB, 13);
    expect([outbox.waiting, outbox.dropped]).toEqual([{ messages: 2, bytes: 4 * MB }, 1]);
    outbox.forget(2);
    outbox.forget(7);
    expect(outbox.waiting).toEqual({ messages: 1, bytes: MB });
    socket.read();
    expect(marks()).toEqual([0, 13]);
  });

  it('may be one message that is larger, alone', () => {
    say(1, MB);
    say(2, 9 * MB);
    expect([outbox.waiting, outbox.dropped]).toEqual([{ messages: 1, bytes: 9 * MB }, 1]);
    say(3, 10);
    expect([outbox.waiting, outbox.dropped]).toEqual([{ messages: 1, bytes: 10 }, 2]);
    socket.read();
    expect(marks()).toEqual([0, 3]);
  });
});
