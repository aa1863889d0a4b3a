import { parse } from '@foxglove/rosmsg';
import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { describe, expect, it } from 'vitest';
import { textOf } from '../../../bridges/messages/types.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { serve } from './serving.ts';

const TWIST = 'geometry_msgs/msg/Twist';
const linear = { x: 0.5, y: 0, z: 0 };
const still = { x: 0, y: 0, z: 0 };

describe('a viewer that publishes', () => {
  it('is refused where nothing may be published, clearly and topic by topic', async () => {
    covers('foxglove', 'client.advertise', 'stock');
    const { server, viewer } = await serve();
    const v = await viewer();
    expect(v.info?.capabilities).not.toContain('clientPublish');
    const id = v.client.advertise({ topic: '/cmd_vel', encoding: 'json', schemaName: 'geometry_msgs/Twist' });
    v.client.sendMessage(id, Buffer.from('{}'));
    await v.settled();
    expect(v.statuses.map(({ message }) => message)).toEqual([
      'topic /cmd_vel may not be published: this is a view, clientPublish is not offered',
      `channel ${id} is not advertised by you`,
    ]);
    expect(server.counters.refused).toMatchObject({ not_allowed: 1, unknown_id: 1 });
  });

  it.each([
    ['json', Buffer.from(JSON.stringify({ linear }))],
    ['cdr', new MessageWriter(parse(textOf(TWIST), { ros2: true })).writeMessage({ linear })],
  ])('on an allowed topic in %s is heard, its message made whole', async (encoding, payload) => {
    covers('foxglove', ['client.advertise', 'client.messageData', 'client.unadvertise'], 'stock');
    covers('foxglove', ['client.messageData.json', 'client.messageData.cdr', 'allow_lists'], 'stock');
    const heard: unknown[] = [];
    const { viewer } = await serve({
      allow: { subscribe: ['*'], call: ['*'], publish: ['/cmd*'] },
      onMessage: (topic, type, message, { id }) => heard.push({ topic, type, message, id }),
    });
    const v = await viewer();
    expect(v.info).toMatchObject({
      capabilities: expect.arrayContaining(['clientPublish']),
      supportedEncodings: ['json', 'cdr'],
    });
    const id = v.client.advertise({ topic: 'cmd_vel', encoding, schemaName: 'geometry_msgs/Twist' });
    v.client.sendMessage(id, payload);
    await v.settled();
    expect(heard).toEqual([{ topic: '/cmd_vel', type: TWIST, message: { linear, angular: still }, id: 1 }]);
    v.client.unadvertise(id);
    v.client.sendMessage(id, payload);
    await v.settled();
    expect(heard).toHaveLength(1);
    expect(v.statuses.map(({ message }) => message)).toEqual([`channel ${id} is not advertised by you`]);
  });

  it('arrays and 64 bits in CDR arrive as plain numbers', async () => {
    covers('foxglove', 'client.messageData.cdr', 'stock');
    const heard: unknown[] = [];
    const { viewer } = await serve({
      allow: { subscribe: ['*'], call: ['*'], publish: ['*'] },
      onMessage: (_topic, _type, message) => heard.push(message),
    });
    const v = await viewer();
    const type = 'reflexarc_msgs/msg/TickRecord';
    const sent = { epoch: 7n, decision_seq: -1n, aim: [1, Number.NaN] };
    const id = v.client.advertise({ topic: '/t', encoding: 'cdr', schemaName: type });
    v.client.sendMessage(id, new MessageWriter(parse(textOf(type), { ros2: true })).writeMessage(sent));
    await v.settled();
    expect(heard).toMatchObject([{ epoch: 7, decision_seq: -1, aim: [1, Number.NaN] }]);
  });

  it.each([
    [
      'that is not on the list',
      { topic: '/other', encoding: 'json', schemaName: TWIST },
      'may not be published',
      'not_allowed',
    ],
    [
      'that is ours',
      { topic: '/cmd_own', encoding: 'json', schemaName: TWIST },
      '/cmd_own is published here',
      'not_allowed',
    ],
    [
      'of a type nobody knows',
      { topic: '/cmd', encoding: 'json', schemaName: 'their/Own' },
      'no definition of their/msg/Own',
      'bad_field',
    ],
    [
      'in an encoding nobody reads',
      { topic: '/cmd', encoding: 'ros1', schemaName: TWIST },
      'encoding ros1; allowed: json, cdr',
      'bad_field',
    ],
  ])('is refused a topic %s', async (_what, channel, why, kind) => {
    plays('foxglove', { 'publish.forbidden': 'that is not on the list' });
    covers('foxglove', 'client.advertise', 'hostile');
    covers('foxglove', 'allow_lists', 'hostile');
    const { server, viewer } = await serve({
      allow: { subscribe: ['*'], call: ['*'], publish: ['/cmd*'] },
      onMessage: () => {},
    });
    server.declare('/cmd_own', TWIST, [], []);
    const v = await viewer();
    v.client.advertise(channel);
    await v.settled();
    expect(v.statuses).toMatchObject([{ level: 2, message: expect.stringContaining(why) }]);
    expect(server.counters.refused).toMatchObject({ [kind]: 1 });
  });

  it.each([
    ['no JSON', '{', 'JSON'],
    ['no message', '[1]', 'a message is an object'],
    ['a field of another type', '{"x":1}', 'has no field x'],
    ['text for a number', '{"linear":{"x":"fast"}}', 'field x: fast; allowed: a number'],
  ])('is refused %s, and may go on', async (_what, text, why) => {
    plays('foxglove', { 'message.broken': 'no message' });
    covers('foxglove', 'client.messageData', 'hostile');
    const heard: unknown[] = [];
    const { server, viewer } = await serve({
      allow: { subscribe: ['*'], call: ['*'], publish: ['*'] },
      onMessage: (_topic, _type, message) => heard.push(message),
    });
    const v = await viewer();
    const id = v.client.advertise({ topic: '/cmd', encoding: 'json', schemaName: TWIST });
    v.client.sendMessage(id, Buffer.from(text));
    v.client.sendMessage(id, Buffer.from('{}'));
    await v.settled();
    expect(v.statuses.map(({ message }) => message)).toEqual([expect.stringContaining(why)]);
    expect(heard).toEqual([{ linear: still, angular: still }]);
    expect(server.counters.refused.bad_message).toBe(1);
  });

  it('is told when what it published cannot be passed on', async () => {
    covers('foxglove', 'client.messageData', 'stock');
    const { viewer } = await serve({
      allow: { subscribe: ['*'], call: ['*'], publish: ['*'] },
      onMessage: () => {
        throw new Error('topic /cmd is another type');
      },
    });
    const v = await viewer();
    v.client.sendMessage(v.client.advertise({ topic: '/cmd', encoding: 'json', schemaName: TWIST }), Buffer.from('{}'));
    await v.settled();
    expect(v.statuses).toMatchObject([{ level: 2, message: '/cmd: topic /cmd is another type' }]);
  });
});
