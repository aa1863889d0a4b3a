import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CdrCursor } from '../../bridges/mcap/cdr-cursor.ts';
import { definitionOf } from '../../bridges/messages/definitions.ts';
import { OwnMessages } from '../../src/logs/own-messages.ts';
import { folder, readAll, recording } from '../bridges/mcap/rig.ts';

const at = folder();
afterAll(() => at.remove());

const TICK = 'reflexarc_msgs/msg/TickRecord';
const DECISION = 'reflexarc_msgs/msg/Decision';
const JOURNAL = 'reflexarc_msgs/msg/GateJournal';

const uint32 = fc.nat({ max: 2 ** 32 - 1 });
const uint64 = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const int64 = fc.oneof(fc.constant(-1), uint64);
const float64 = fc.double();
const float64s = fc.array(float64, { maxLength: 12 }).map((v) => Float64Array.from(v));
const text = fc.oneof(fc.constantFrom('', 'ACTIVE', 'HOLD'), fc.string({ unit: 'binary', maxLength: 9 }));
const time = fc.record({ sec: fc.nat({ max: 2 ** 31 - 1 }), nanosec: fc.nat({ max: 999_999_999 }) });
const header = fc.record({ stamp: time, frame_id: text });
const tick = fc.record({
  ...{ header, epoch: uint64, seq: uint32, mode: text, source: text, state_seq: uint32, state_stamp: time },
  ...{ decision_seq: int64, command_seq: uint32, takeover_seq: int64, residual_fraction: float64, risk: float64 },
  ...{ force: float64, cause: text, value: float64, limit: float64, aim: float64s, setpoint: float64s },
  ...{ sent: fc.boolean(), refused: text, compute_us: float64, loop_us: float64 },
});
const decision = fc.record({
  ...{ header, epoch: uint64, seq: uint32, observation_seq: uint32, observation_stamp: time },
  ...{ observation_base: float64s, observation_residual: float64s, base: float64s, residual: float64s },
  residual_scale: float64,
});
const journal = fc.record({ header, version: uint32, first: uint64, entries: float64s });
const messages = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant(TICK), message: tick as fc.Arbitrary<object> }),
    fc.record({ type: fc.constant(DECISION), message: decision as fc.Arbitrary<object> }),
    fc.record({ type: fc.constant(JOURNAL), message: journal as fc.Arbitrary<object> }),
  ),
  { minLength: 1, maxLength: 20 },
);

/** Numbers for 64 bits, plain arrays, and no header, which no replay reads. */
function plain(value: object): unknown {
  const entries = Object.entries(value).filter(([key]) => key !== 'header');
  const one = (v: unknown): unknown =>
    typeof v === 'bigint' ? Number(v) : ArrayBuffer.isView(v) ? Array.from(v as Float64Array) : v;
  return Object.fromEntries(entries.map(([key, v]) => [key, one(v)]));
}

describe('our own messages, read by the thousand', () => {
  it('have the values that the log’s own definitions give, one after another in the same objects', async () => {
    let file = 0;
    await fc.assert(
      fc.asyncProperty(messages, async (given) => {
        const path = at.path(`${file++}.mcap`);
        const { recorder } = await recording(path);
        given.forEach(({ type, message }, i) => {
          recorder.record(`/${type}`, type, message, i, i);
        });
        await recorder.close();
        const read = (await readAll(path)).messages;
        expect(read.length).toBe(given.length);
        const own = new OwnMessages();
        for (const logged of read) {
          if (logged.type === TICK) expect(plain(own.tick(logged))).toEqual(plain(logged.message));
          else if (logged.type === DECISION) expect(plain(own.decision(logged))).toEqual(plain(logged.message));
          else {
            const { count, ...said } = own.journal(logged);
            said.entries = said.entries.subarray(0, count);
            expect(plain(said)).toEqual(plain(logged.message));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('of another version, with a field more in the middle, are decoded by the definitions of their log', async () => {
    const path = at.path('other.mcap');
    const other = definitionOf(TICK).replace('string mode', 'float64 fatigue\nstring mode');
    const { recorder } = await recording(path, { definitionOf: () => other });
    const message = { seq: 7, fatigue: 0.5, mode: 'ACTIVE', epoch: 3, risk: 0.25 };
    recorder.record('/t', TICK, message, 1, 1);
    await recorder.close();
    const [logged] = (await readAll(path)).messages;
    expect(new OwnMessages().tick(logged!)).toMatchObject({
      seq: 7,
      fatigue: 0.5,
      mode: 'ACTIVE',
      epoch: 3n,
      risk: 0.25,
    });
  });
});

describe('a message that ends too early', () => {
  const bytes = (...of: number[]) => new DataView(Uint8Array.of(0, 1, 0, 0, ...of).buffer);
  const begun = (view: DataView, length = view.byteLength) => {
    const cursor = new CdrCursor();
    expect(cursor.begin(view, 0, length)).toBe(true);
    return cursor;
  };

  it('is refused, also where the bytes of the next one follow it', () => {
    const view = bytes(1, 0, 0, 0, 2, 0, 0, 0);
    const cursor = begun(view, 8);
    expect(cursor.uint32()).toBe(1);
    cursor.end();
    expect(cursor.uint32()).toBe(2);
    expect(() => cursor.end()).toThrow('ends 4 bytes too early');
    expect(() => cursor.uint32()).toThrow(RangeError);
  });

  it.each([
    ['a text', (c: CdrCursor) => c.text('')],
    ['numbers', (c: CdrCursor) => c.float64s(new Float64Array(0))],
    ['numbers for a buffer', (c: CdrCursor) => c.float64sInto({ values: new Float64Array(0) })],
  ])('%s longer than all that is left makes nothing of that size', (_, read) => {
    expect(() => read(begun(bytes(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)))).toThrow(RangeError);
  });

  it('big-endian or of another representation: not read', () => {
    for (const head of [0, 2, 6])
      expect(new CdrCursor().begin(new DataView(Uint8Array.of(0, head, 0, 0).buffer), 0, 4)).toBe(false);
  });
});
