import { afterAll, describe, expect, it } from 'vitest';
import { EXAMPLES } from '../messages/examples.ts';
import { folder, readAll, recording } from './rig.ts';

const at = folder();
afterAll(() => at.remove());

const header = { stamp: { sec: 1_700_000_000, nanosec: 999_999_999 }, frame_id: 'base' };

/** Typed arrays become plain ones. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
}

/** As our own code has it: plain arrays, and numbers for 64 bits. */
function asWeHaveIt(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, asWeHaveIt);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, asWeHaveIt(v)]));
}

describe('a message comes back as it was', () => {
  it.each(Object.entries(EXAMPLES))('of type %s', async (type, example) => {
    const path = at.path(`${type.replaceAll('/', '_')}.mcap`);
    const { recorder, errors } = await recording(path);
    const given = asWeHaveIt(example);
    recorder.record('/topic', type, given, 5, 6);
    await recorder.close();
    expect(errors).toEqual([]);
    // The caller's message is not changed.
    expect(given).toEqual(asWeHaveIt(example));
    const { messages, error } = await readAll(path);
    expect(error).toBeNull();
    expect(messages.map((m) => ({ ...m, message: plain(m.message) }))).toEqual([
      { topic: '/topic', type, logTimeNs: 5n, durable: false, message: plain(example) },
    ]);
  });

  it('with text outside ASCII', async () => {
    const path = at.path('text.mcap');
    const { recorder } = await recording(path);
    const message = { data: 'force 31 N > 30 N: µ, Δ, 力' };
    recorder.record('/s', 'std_msgs/msg/String', message, 1, 1);
    await recorder.close();
    expect((await readAll(path)).messages[0]?.message).toEqual(message);
  });

  it('a float that a bridge delivered as null is NaN in the log, not 0', async () => {
    const path = at.path('null.mcap');
    const { recorder } = await recording(path);
    const message = { header, name: ['a'], position: [null], velocity: [0], effort: [1, null] };
    recorder.record('/joint_states', 'sensor_msgs/msg/JointState', message, 1, 1);
    recorder.record('/f', 'std_msgs/msg/Float64', { data: null }, 1, 1);
    await recorder.close();
    const [joints, single] = (await readAll(path)).messages.map((m) => plain(m.message)) as [typeof message, unknown];
    expect([joints.position, joints.velocity, joints.effort]).toEqual([[Number.NaN], [0], [1, Number.NaN]]);
    expect(single).toEqual({ data: Number.NaN });
  });

  it('64-bit integers are found inside nested messages and arrays', async () => {
    const path = at.path('nested.mcap');
    const separator = '='.repeat(80);
    const { recorder } = await recording(path, {
      definitionOf: () => `Inner inner\nInner[] more\nuint64[] ids\n${separator}\nMSG: t/Inner\nint64 n\nfloat64 v`,
    });
    const message = { inner: { n: 1, v: 2 }, more: [{ n: -3, v: Number.NaN }], ids: [4, 5n, 6] };
    recorder.record('/nested', 't/msg/Outer', message, 1, 1);
    await recorder.close();
    expect(recorder.counters.droppedBecause.encoding).toBe(0);
    const [read] = (await readAll(path)).messages;
    expect(read?.message.inner).toEqual({ n: 1n, v: 2 });
    expect(read?.message.more).toEqual([{ n: -3n, v: Number.NaN }]);
    expect(Array.from(read?.message.ids as BigUint64Array)).toEqual([4n, 5n, 6n]);
  });
});
