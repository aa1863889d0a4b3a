import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageData, readClientFrame, serviceCallResponse, timeData } from '../../../bridges/foxglove/protocol.ts';
import { covers } from '../../interop/conformance.ts';

const bytes = (...values: (number | string)[]) =>
  Buffer.concat(values.map((v) => (typeof v === 'string' ? Buffer.from(v) : Buffer.of(v))));

/** Byte for byte what the tests of Foxglove's SDK expect of it (rust/foxglove/src/protocol/v1, *.snap). */
describe('a binary frame', () => {
  it('of a message: opcode, subscription, time, payload', () => {
    covers('foxglove', 'messageData', 'unit');
    expect(messageData(30, 1234, Buffer.from('{"key": "value"}'))).toEqual(
      bytes(1, 30, 0, 0, 0, 0xd2, 4, 0, 0, 0, 0, 0, 0, '{"key": "value"}'),
    );
  });

  it('of the time', () => {
    covers('foxglove', 'time', 'unit');
    expect(timeData(1_234_567_890)).toEqual(bytes(2, 0xd2, 2, 0x96, 0x49, 0, 0, 0, 0));
  });

  it('bears any time that a number holds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), fc.nat(1000), (ns, scale) => {
        const time = ns * (1 + scale);
        expect(timeData(time).readBigUInt64LE(1)).toBe(BigInt(time));
      }),
    );
    // Of wall time, a number holds every 256th nanosecond.
    expect(timeData(7_031_250_000 * 2 ** 28 + 256).readBigUInt64LE(1)).toBe(7_031_250_000n * 2n ** 28n + 256n);
  });

  it('of an answer to a call', () => {
    covers('foxglove', 'serviceCall', 'unit');
    const call = { serviceId: 10, callId: 12, encoding: 'json', payload: Buffer.alloc(0) };
    expect(serviceCallResponse(call, Buffer.from('{}'))).toEqual(
      bytes(3, 10, 0, 0, 0, 12, 0, 0, 0, 4, 0, 0, 0, 'json', '{}'),
    );
  });

  it('of a client is read: its message, and its call', () => {
    covers('foxglove', ['client.messageData', 'serviceCall'], 'unit');
    expect(readClientFrame(bytes(1, 30, 0, 0, 0, 'data'))).toEqual({
      op: 'message',
      message: { channelId: 30, payload: Buffer.from('data') },
    });
    expect(readClientFrame(bytes(2, 10, 0, 0, 0, 12, 0, 0, 0, 4, 0, 0, 0, 'json', '{}'))).toEqual({
      op: 'call',
      call: { serviceId: 10, callId: 12, encoding: 'json', payload: Buffer.from('{}') },
    });
  });

  it.each([
    ['nothing', [], 'an empty binary frame'],
    ['an opcode of nobody', [9], 'binary opcode 9 is not known here'],
    ['a message without its channel', [1, 0, 0], '3 bytes; opcode 1 needs 5'],
    ['a call that ends in its head', [2, 0, 0, 0, 0], '5 bytes; opcode 2 needs 13'],
    ['a call of a longer encoding than it has', [2, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 1], 'needs 4294967308'],
  ])('with %s is said to be wrong', (_what, frame, why) => {
    covers('foxglove', 'frame.malformed', 'unit');
    expect(readClientFrame(Buffer.from(frame))).toContain(why);
  });

  it('of any bytes is read or said to be wrong, never thrown at', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (b) => void readClientFrame(Buffer.from(b))));
  });
});
