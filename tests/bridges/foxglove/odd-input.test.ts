import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Kind } from '../../../bridges/foxglove/refusal.ts';
import type { FoxgloveServer } from '../../../bridges/foxglove/server.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { breakProtocol } from '../serving/break-protocol.ts';
import { serve } from './serving.ts';
import type { Viewer } from './viewer.ts';

const STRING = 'std_msgs/msg/String';

/** What a viewer is told of the frames, each sent as it is; all of it once, and counted. */
async function told(server: FoxgloveServer, viewer: Viewer, ...frames: (string | Buffer | object)[]) {
  const counted = server.counters.malformed;
  const before = viewer.statuses.length;
  for (const frame of frames)
    viewer.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  await viewer.settled();
  const statuses = viewer.statuses.slice(before);
  expect(server.counters.malformed - counted).toBe(statuses.length);
  const harmless = /already|does not exist|not advertised by you/;
  for (const { level, message } of statuses) if (level !== 2) expect(message).toMatch(harmless);
  return statuses.map(({ message }) => message);
}

describe('what a viewer does wrong is answered with a status, counted, and costs it nothing else:', () => {
  it.each<[string, string | Buffer | object, string, Kind]>([
    ['text that is not JSON', '{"op":', 'a text frame that is not JSON', 'not_json'],
    ['JSON that is no operation', '[1]', 'op undefined is not known here', 'unknown_op'],
    ['null', 'null', 'op undefined is not known here', 'unknown_op'],
    ['an op of nobody', { op: 'dance' }, 'op dance is not known here', 'unknown_op'],
    ['an op named as what every object has', { op: 'constructor' }, 'op constructor is not known here', 'unknown_op'],
    [
      'an asset, of which there are none',
      { op: 'fetchAsset', uri: 'package://x', requestId: 1 },
      'there are no assets here: package://x',
      'not_allowed',
    ],
    ['a subscription without a list', { op: 'subscribe' }, 'subscribe: subscriptions:', 'bad_field'],
    [
      'a subscription id that is none',
      { op: 'subscribe', subscriptions: [{ id: -1, channelId: 1 }] },
      'subscriptions.0.id',
      'bad_field',
    ],
    [
      'a channel that is not there',
      { op: 'subscribe', subscriptions: [{ id: 1, channelId: 99 }] },
      'channel 99 is not advertised',
      'unknown_id',
    ],
    [
      'a subscription that is not there',
      { op: 'unsubscribe', subscriptionIds: [7] },
      'subscription 7 does not exist',
      'redundant',
    ],
    [
      'a channel of its own that is not there',
      { op: 'unadvertise', channelIds: [7] },
      'channel 7 is not advertised by you',
      'redundant',
    ],
    ['a binary opcode of nobody', Buffer.of(77, 1, 2), 'binary opcode 77 is not known here', 'bad_frame'],
    ['an empty binary frame', Buffer.alloc(0), 'an empty binary frame', 'bad_frame'],
    [
      'a message on a channel it has not',
      Buffer.of(1, 5, 0, 0, 0, 1),
      'channel 5 is not advertised by you',
      'unknown_id',
    ],
  ])('%s', async (_what, frame, why, kind) => {
    plays('foxglove', {
      'op.unknown': 'an op of nobody',
      'frame.broken': 'text that is not JSON',
      'frame.empty': 'an empty binary frame',
      'subscribe.unknown': 'a channel that is not there',
    });
    covers('foxglove', ['frame.malformed', 'unknown_op', 'status'], 'hostile');
    const { server, viewer } = await serve();
    server.declare('/s', STRING, [], []);
    const v = await viewer();
    expect(await told(server, v, frame)).toEqual([expect.stringContaining(why)]);
    v.subscribe('/s');
    await v.settled();
    server.publish('/s', STRING, { data: 'still here' }, 0);
    await v.settled();
    expect(v.of('/s')).toEqual([{ data: 'still here' }]);
    expect(server.counters.refused[kind]).toBe(1);
  });

  it('a subscription twice: to a channel, and under an id; the first stays', async () => {
    plays('foxglove', 'subscribe.twice');
    covers('foxglove', 'subscribe', 'hostile');
    const { server, viewer } = await serve();
    for (const topic of ['/a', '/b']) server.declare(topic, STRING, [], []);
    const v = await viewer();
    v.subscribe('/a');
    const again = (id: number, channelId: number) => ({ op: 'subscribe', subscriptions: [{ id, channelId }] });
    expect(await told(server, v, again(5, 1), again(0, 2))).toEqual([
      '/a is subscribed already',
      'subscription 0 exists already',
    ]);
    expect(server.counters.refused).toMatchObject({ redundant: 1, bad_field: 1 });
    server.publish('/a', STRING, { data: 'once' }, 0);
    await v.settled();
    expect(v.of('/a')).toEqual([{ data: 'once' }]);
  });

  it('in one list with what is right: only what is wrong is refused', async () => {
    covers('foxglove', 'subscribe', 'hostile');
    const { server, viewer } = await serve();
    server.declare('/a', STRING, [], []);
    const v = await viewer();
    v.subscribe('/a');
    v.client.unsubscribe(0);
    const subscriptions = [
      { id: 1, channelId: 99 },
      { id: 0, channelId: 1 },
    ];
    expect(await told(server, v, { op: 'subscribe', subscriptions })).toEqual(['channel 99 is not advertised']);
    server.publish('/a', STRING, { data: 'heard' }, 0);
    await v.settled();
    expect(v.of('/a')).toEqual([{ data: 'heard' }]);
  });

  it('a call of no service, in no encoding, with no request in it, and one too many: each is answered as failed', async () => {
    plays('foxglove', 'call.broken');
    covers('foxglove', 'serviceCallFailure', 'hostile');
    const { server, viewer } = await serve();
    let release = (_answer: object) => {};
    server.advertiseService('/slow', 'std_srvs/Trigger', () => new Promise((resolve) => (release = resolve)));
    const v = await viewer();
    const failures: string[] = [];
    v.client.on('serviceCallFailure', ({ message }) => failures.push(message));
    const call = (serviceId: number, callId: number, encoding: string, data = [0, 1, 0, 0, 0]) =>
      v.client.sendServiceCallRequest({
        serviceId,
        callId,
        encoding,
        data: new DataView(Uint8Array.from(data).buffer),
      });
    call(9, 1, 'cdr');
    call(1, 2, 'protobuf');
    call(1, 3, 'cdr', []);
    for (let n = 0; n < 33; n++) call(1, 100 + n, 'cdr');
    await v.settled();
    expect(failures).toEqual([
      'service 9 is not offered',
      'encoding protobuf; allowed: cdr',
      expect.stringContaining('/slow: '),
      'more than 32 calls unanswered',
    ]);
    release({ success: true });
    await v.settled();
    expect(server.counters.malformed).toBe(4);
    expect(server.counters.refused).toMatchObject({ unknown_id: 1, limit: 1 });
    expect(v.statuses).toEqual([]);
  });

  it('a frame that is too large ends its connection, and nobody else’s', async () => {
    plays('foxglove', 'frame.huge');
    covers('foxglove', 'frame.oversized', 'hostile');
    const { server, viewer, logged } = await serve({ maxMessageBytes: 1000 });
    const [big, other] = [await viewer(), await viewer()];
    big.socket.send('x'.repeat(1001));
    const [code] = await once(big.socket, 'close');
    expect(code).toBe(1009);
    await other.settled();
    expect(server.counters.refused.oversized).toBe(1);
    expect(logged).toEqual(['oversized']);
    expect(server.clients).toHaveLength(1);
  });

  it('a frame of an opcode that websockets have not ends its connection, and is no large one', async () => {
    plays('foxglove', 'frame.protocol');
    const { server, viewer, logged } = await serve();
    const [odd, other] = [await viewer(), await viewer()];
    breakProtocol(odd.socket);
    const [code] = await once(odd.socket, 'close');
    expect(code).toBe(1002);
    await other.settled();
    expect(server.counters.refused).toMatchObject({ bad_frame: 1, oversized: 0 });
    expect(logged).toEqual(['bad_frame']);
  });

  it('is said to the log once for each viewer, however often it does it', async () => {
    const lines: string[] = [];
    const { server, viewer } = await serve({ logger: { warn: (_fields, text) => lines.push(text) } });
    const v = await viewer();
    await told(server, v, 'x', 'y', 'z');
    expect(lines).toEqual(['refused: a text frame that is not JSON']);
    expect(server.counters.refused.not_json).toBe(3);
  });

  it('and a message of ours that is none of its type is not sent, and counted', async () => {
    const lines: string[] = [];
    const { server, viewer } = await serve({ logger: { warn: (_fields, text) => lines.push(text) } });
    server.declare('/n', 'reflexarc_msgs/msg/Stop', [], []);
    const v = await viewer();
    v.subscribe('/n');
    await v.settled();
    for (const message of [{ epoch: Number.NaN }, null]) server.publish('/n', 'reflexarc_msgs/msg/Stop', message, 0);
    await v.settled();
    expect(v.shown).toEqual([]);
    expect(server.counters.failed).toBe(2);
    expect(lines).toEqual(['cannot write /n']);
  });
});
