import { parse } from '@foxglove/rosmsg';
import { MessageReader, MessageWriter } from '@foxglove/rosmsg2-serialization';
import { describe, expect, it } from 'vitest';
import { definitionOf, definitions } from '../../bridges/messages/definitions.ts';
import { TYPES } from '../../bridges/messages/messages.ts';
import { EXAMPLES } from './messages/examples.ts';

describe('message definitions', () => {
  it('has an example here of every type, and a definition of every topic type that we speak', () => {
    expect([...definitions.keys()].sort()).toEqual(Object.keys(EXAMPLES).sort());
    for (const type of Object.values(TYPES)) {
      const message = type.includes('/srv/') ? `${type}_Response` : type;
      expect(definitions.has(message), message).toBe(true);
    }
  });

  it.each(Object.entries(EXAMPLES))('writes %s as CDR and reads back the same', (type, example) => {
    const parsed = parse(definitionOf(type), { ros2: true });
    const bytes = new MessageWriter(parsed).writeMessage(example);
    expect([...bytes.subarray(0, 4)]).toEqual([0, 1, 0, 0]);
    const reader = new MessageReader(parsed);
    expect(reader.readMessage(bytes)).toEqual(example);
    expect(reader.lastReadHadTrailingBytes()).toBe(false);
  });

  it('takes an epoch that is a number, as our messages hold it', () => {
    const parsed = parse(definitionOf(TYPES.stop), { ros2: true });
    const bytes = new MessageWriter(parsed).writeMessage({ header: {}, epoch: 1_700_000_000_123, reason: '' });
    expect(new MessageReader(parsed).readMessage<{ epoch: bigint }>(bytes).epoch).toBe(1_700_000_000_123n);
  });

  it('joins the used types below 80 equal signs, each once, in order of first use', () => {
    const lines = definitionOf('geometry_msgs/msg/PoseStamped').split('\n');
    expect(lines.slice(0, 2)).toEqual(['std_msgs/Header header', 'geometry_msgs/Pose pose']);
    expect(lines.filter((line) => line.startsWith('MSG: '))).toEqual([
      'MSG: std_msgs/Header',
      'MSG: builtin_interfaces/Time',
      'MSG: geometry_msgs/Pose',
      'MSG: geometry_msgs/Point',
      'MSG: geometry_msgs/Quaternion',
    ]);
    expect(lines.filter((line) => line === '='.repeat(80))).toHaveLength(5);
  });

  it('says which types there are when asked for another', () => {
    expect(() => definitionOf('their_msgs/msg/Odd')).toThrow(/RA_INTERNAL: no definition of their_msgs\/msg\/Odd/);
  });
});
