import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cdrWriter } from '../../../bridges/messages/cdr-writer.ts';
import { rawWriter } from '../../../bridges/messages/raw-writer.ts';
import { definitionsFor } from '../../../bridges/messages/types.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('text outside ASCII in CDR', () => {
  it('has its number of UTF-8 bytes before it, also in a list', () => {
    const write = cdrWriter(parse('string[] names', { ros2: true }));
    // Header; two elements; 3 bytes with the last zero: Δ is ce 94; one byte of padding; 2 bytes: a.
    expect(hex(write({ names: ['Δ', 'a'] }))).toBe(
      '00010000 02000000 03000000 ce9400 00 02000000 6100'.replaceAll(' ', ''),
    );
  });

  it('is read back the same wherever a definition may have it', () => {
    const separator = '='.repeat(80);
    const definitions = parse(
      `string one\nstring[] many\nstring[2] two\nstring<=40[<=3] few\nInner[] inner\n${separator}\nMSG: t/Inner\nstring[] words\nuint8 last`,
      { ros2: true },
    );
    const [write, reader] = [cdrWriter(definitions), new MessageReader(definitions)];
    const text = fc.string({ unit: 'grapheme', maxLength: 8 });
    const message = fc.record({
      one: text,
      many: fc.array(text, { maxLength: 4 }),
      two: fc.tuple(text, text),
      few: fc.array(text, { maxLength: 3 }),
      inner: fc.array(fc.record({ words: fc.array(text, { maxLength: 3 }), last: fc.nat(255) }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(message, (given) => {
        expect(reader.readMessage(write(given))).toEqual(given);
      }),
    );
  });

  it.each([
    ['a log and a live view', () => cdrWriter(definitionsFor('sensor_msgs/msg/JointState')!)],
    ['cbor-raw', () => rawWriter('sensor_msgs/msg/JointState')!],
  ])('names the joints in %s', (_where, writer) => {
    const header = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'Fuß' };
    const given = { header, name: ['Gelenk_ü', '関節', 'a', ''], position: [1, 2], velocity: [], effort: [] };
    const read = new MessageReader(definitionsFor('sensor_msgs/msg/JointState')!).readMessage<typeof given>(
      writer()(given),
    );
    expect([read.header, read.name, [...read.position]]).toEqual([header, given.name, [1, 2]]);
  });
});
