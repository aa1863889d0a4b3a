import { describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { advertise, publish, serve, subscribe } from './serving.ts';

const DIAGNOSTICS = 'diagnostic_msgs/DiagnosticArray';

describe('a topic that our process publishes', () => {
  it.each([
    ['/reflexarc/mode', TYPES.string, { data: 'HOLD' }, { data: 'ACTIVE' }],
    ['/reflexarc/lease', TYPES.uint64MultiArray, { data: [1, 2, 3] }, { data: [9, 9, 9] }],
    ['/clock', TYPES.clock, { clock: { sec: 1, nanosec: 2 } }, { clock: { sec: 9, nanosec: 9 } }],
  ])('%s, is not spoken on by a client: refused, counted, told, and nobody hears it', async (...row) => {
    plays('server', 'topic.forged');
    covers('server', ['advertise', 'publish'], 'hostile');
    const [topic, type, ours, forged] = row;
    const { server, client, logged } = await serve();
    const [good, bad] = [await client(), await client()];
    server.publish(topic, type, ours);
    good.send(subscribe(topic, type));
    await good.settled();
    bad.send({ op: 'set_level', level: 'warning' }, advertise(topic, type), publish(topic, forged));
    // Without a word before it, with a latch, or in the relative spelling it is no other topic.
    bad.send(publish(topic, forged, { latch: true }), publish(topic.slice(1), forged));
    const statuses = (await bad.settled()).filter((m) => m.op === 'status');
    expect(statuses.map((m) => m.msg)).toEqual(Array(4).fill(`topic ${topic} is published here`));
    server.publish(topic, type, ours);
    await good.settled();
    expect(good.published).toEqual([ours]);
    expect(server.counters.refused.not_allowed).toBe(4);
    expect(logged).toEqual(['not_allowed']);
    expect((await bad.call('/rosapi/publishers', { topic })).values).toEqual({ publishers: ['/reflexarc'] });
    const late = await client();
    late.send(subscribe(topic, type));
    await late.settled();
    expect(late.published).toEqual([]);
  });

  it('and that every node has by nature takes the messages of clients, checked and filled up', async () => {
    const { server, client, logged } = await serve();
    const [good, other] = [await client(), await client()];
    server.advertise('/diagnostics', DIAGNOSTICS);
    good.send(subscribe('/diagnostics', DIAGNOSTICS));
    await good.settled();
    const status = [{ level: 1, name: 'gripper', message: 'warm', hardware_id: '', values: [] }];
    const header = { stamp: { sec: 5, nanosec: 6 }, frame_id: '' };
    other.send(advertise('/diagnostics', DIAGNOSTICS), publish('/diagnostics', { header, status }));
    other.send(
      publish('/diagnostics', { header, status: [{ level: 'bad' }] }),
      publish('/diagnostics', { nonsense: 1 }),
    );
    await other.settled();
    other.send(publish('/diagnostics', { header }));
    await other.settled();
    await good.settled();
    expect(good.published).toEqual([
      { header, status },
      { header, status: [] },
    ]);
    expect(server.counters.refused).toMatchObject({ bad_message: 2, not_allowed: 0 });
    expect(logged).toEqual(['bad_message']);
    server.deliver('/diagnostics', DIAGNOSTICS, { header, status: [] }, { id: 9 });
    await good.settled();
    expect(good.published).toHaveLength(3);
  });

  it('and listens to itself takes them as they come: what is missing is not filled up for the handler', async () => {
    const { server, client } = await serve();
    const heard: unknown[] = [];
    server.publish('/cmd', TYPES.poseStamped, {});
    server.onPublish('/cmd', TYPES.poseStamped, (message) => heard.push(message));
    const c = await client();
    c.send(publish('/cmd', { pose: {} }));
    await c.settled();
    expect(heard).toEqual([{ pose: {} }]);
    expect(server.counters.malformed).toBe(0);
  });
});
