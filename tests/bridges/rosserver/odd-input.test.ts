/**
 * What rosbridge_suite was measured to do with odd input, and what our server does. A row where we differ on purpose says
 * so. `server sends back nothing` holds for a client that has not asked for status messages.
 */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { RosServer, type RosServerOptions } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { RawClient, type Received } from './raw-client.ts';

let server: RosServer;
let port: number;
const clients: RawClient[] = [];

async function serve(options: Partial<RosServerOptions> = {}): Promise<void> {
  server = new RosServer({ port: 0, clock: new MonotonicClock(), ...options });
  ({ port } = await server.listen());
}
async function client(headers: Record<string, string> = {}): Promise<RawClient> {
  const opened = await RawClient.open(port, headers);
  clients.push(opened);
  return opened;
}
beforeEach(() => serve());
afterEach(async () => {
  for (const c of clients.splice(0)) c.close();
  await server.close();
});

const advertise = (topic: string, type: string) => ({ op: 'advertise', topic, type });
const subscribe = (topic: string, type: string, more: object = {}) => ({ op: 'subscribe', topic, type, ...more });
const publish = (topic: string, msg: unknown, more: object = {}) => ({ op: 'publish', topic, msg, ...more });
const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

interface Row {
  input: string;
  sends: unknown[];
  back: unknown[];
  /** Operations refused, or frames that were none. */
  malformed: number;
}

const text = [subscribe('/s', 'std_msgs/String'), advertise('/s', 'std_msgs/String')];
const float = [subscribe('/f', 'std_msgs/Float64'), advertise('/f', 'std_msgs/Float64')];
const own = [subscribe('/o', 'x/Own'), advertise('/o', 'x/Own')];
const hello = { op: 'publish', topic: '/s', msg: { data: 'hello' } };
const heard = (topic: string, msg: unknown) => ({ op: 'publish', topic, msg });
const literal = (value: string) => `{"op":"publish","topic":"/f","msg":{"data":${value}}}`;

const ROWS: Row[] = [
  { input: 'an unknown op', sends: [{ op: 'dance' }], back: [], malformed: 1 },
  { input: 'an op that is a name of Object.prototype', sends: [{ op: 'constructor' }], back: [], malformed: 1 },
  { input: 'an object without op', sends: [{ topic: '/s' }], back: [], malformed: 1 },
  { input: 'a number', sends: ['7'], back: [], malformed: 1 },
  { input: 'null', sends: ['null'], back: [], malformed: 1 },
  { input: 'a list', sends: ['[{"op":"subscribe","topic":"/s"}]'], back: [], malformed: 1 },
  { input: 'an empty frame', sends: [''], back: [], malformed: 1 },
  {
    input: 'truncated JSON, then valid operations',
    sends: ['{"op":"publish","topic":"/s","msg":{"da', ...text, hello],
    back: [hello],
    malformed: 1,
  },
  {
    input: 'two objects in one frame',
    sends: [...text, `${JSON.stringify(hello)} \n${JSON.stringify(publish('/s', { data: 'a "} {" b' }))}`],
    back: [hello, heard('/s', { data: 'a "} {" b' })],
    malformed: 0,
  },
  {
    input: 'a whole object and a truncated one in one frame (all of it is refused)',
    sends: [...text, `${JSON.stringify(hello)}{"op":`],
    back: [],
    malformed: 1,
  },
  {
    input: 'literal NaN, Infinity and -Infinity, as Python writes them',
    sends: [...float, literal('NaN'), literal('Infinity'), literal('-Infinity'), literal('1')],
    back: [null, null, null, 1].map((data) => heard('/f', { data })),
    malformed: 0,
  },
  {
    input: 'NaN inside a string',
    sends: [...own, '{"op":"publish","topic":"/o","msg":{"data":"NaN \\" Infinity","x":NaN}}'],
    back: [heard('/o', { data: 'NaN " Infinity', x: null })],
    malformed: 0,
  },
  {
    input: 'operations as UTF-8 in a binary frame',
    sends: [...text, Buffer.from(JSON.stringify(hello))],
    back: [hello],
    malformed: 0,
  },
  {
    input: 'the id of a publication (it is not passed on)',
    sends: [...text, publish('/s', { data: 'hello' }, { id: 'p1' })],
    back: [hello],
    malformed: 0,
  },
  {
    input: 'a publication without advertise, on a topic typed by its own subscription',
    sends: [subscribe('/s', 'std_msgs/String'), hello],
    back: [hello],
    malformed: 0,
  },
  { input: 'a publication on a topic of unknown type', sends: [hello], back: [], malformed: 1 },
  {
    input: 'messages that are no objects',
    sends: [...text, publish('/s', null), publish('/s', 'hello'), publish('/s', [1]), { op: 'publish', topic: '/s' }],
    back: [],
    malformed: 4,
  },
  {
    input: 'a message nested 20 000 deep, live and queued',
    sends: [
      subscribe('/d', 'x/D'),
      subscribe('/d', 'x/D', { id: 'queued', queue_length: 1, throttle_rate: 1 }),
      `{"op":"publish","topic":"/d","msg":{"data":${deep}}}`,
    ],
    back: [],
    malformed: 1,
  },
  {
    input: 'a second advertise of a topic with another type',
    sends: [...text, advertise('/s', 'std_msgs/Float64')],
    back: [],
    malformed: 1,
  },
  {
    input: 'one type in both spellings',
    sends: [subscribe('/s', 'std_msgs/msg/String'), advertise('/s', 'std_msgs/String'), hello],
    back: [hello],
    malformed: 0,
  },
  {
    input: 'topics that are no strings',
    sends: [{ op: 'subscribe', topic: 7 }, { op: 'advertise', topic: {}, type: 'a/B' }, { op: 'subscribe' }],
    back: [],
    malformed: 3,
  },
  {
    input: 'a compression that nobody has',
    sends: [subscribe('/s', 'std_msgs/String', { compression: 'zip' }), advertise('/s', 'std_msgs/String'), hello],
    back: [],
    malformed: 1,
  },
  {
    input: 'rates and sizes that are none (a flood would be worse than nothing)',
    sends: [
      ...[-5, 'x', 1e300, [], {}].map((throttle_rate) => subscribe('/s', 'std_msgs/String', { throttle_rate })),
      subscribe('/s', 'std_msgs/String', { queue_length: -1 }),
      subscribe('/s', 'std_msgs/String', { fragment_size: 3 }),
      ...text.slice(1),
      hello,
    ],
    back: [],
    malformed: 7,
  },
  {
    input: 'two subscriptions to a topic: one copy; one id taken back: still one; all taken back: none',
    sends: [
      subscribe('/s', 'std_msgs/String', { id: 'a' }),
      subscribe('/s', 'std_msgs/String', { id: 'b' }),
      publish('/s', { data: '1' }),
      { op: 'unsubscribe', topic: '/s', id: 'a' },
      publish('/s', { data: '2' }),
      advertise('/s', 'std_msgs/String'),
      { op: 'unsubscribe', topic: '/s' },
      publish('/s', { data: '3' }),
    ],
    back: [heard('/s', { data: '1' }), heard('/s', { data: '2' })],
    malformed: 0,
  },
  {
    input: 'a call without id and with its arguments as a list',
    sends: [...text.slice(0, 1), { op: 'call_service', service: '/rosapi/topic_type', args: ['/s'] }],
    back: [
      { op: 'service_response', service: '/rosapi/topic_type', values: { type: 'std_msgs/msg/String' }, result: true },
    ],
    malformed: 0,
  },
  {
    input: 'a call of a service that does not exist',
    sends: [{ op: 'call_service', service: '/no/such', id: 'c' }],
    back: [
      {
        op: 'service_response',
        id: 'c',
        service: '/no/such',
        values: 'Service /no/such does not exist',
        result: false,
      },
    ],
    malformed: 0,
  },
  {
    input: 'a call without a service',
    sends: [{ op: 'call_service', id: 'c' }],
    back: [{ op: 'service_response', id: 'c', service: '', values: 'Service  does not exist', result: false }],
    malformed: 0,
  },
];

describe('odd input', () => {
  it.each(ROWS)('$input', async ({ sends, back, malformed }) => {
    plays('server', {
      'frame.several': 'two objects in one frame',
      'frame.binary_text': 'operations as UTF-8 in a binary frame',
      'number.nan': 'literal NaN, Infinity and -Infinity, as Python writes them',
      'type.spelling': 'one type in both spellings',
      'call.unknown': 'a call of a service that does not exist',
      'subscribe.twice': 'two subscriptions to a topic: one copy; one id taken back: still one; all taken back: none',
    });
    covers('server', ['frame.malformed', 'frame.several_objects', 'frame.binary_text'], 'hostile');
    covers('server', ['advertise', 'publish', 'publish.nan', 'subscribe', 'subscribe.id', 'subscribe.type'], 'raw');
    covers('server', ['unsubscribe', 'unsubscribe.id', 'call_service', 'call_service.args'], 'raw');
    covers('server', 'call_service.args.list', 'raw');
    covers('server', ['subscribe.throttle_rate', 'subscribe.queue_length', 'advertise', 'call_service'], 'hostile');
    const c = await client();
    c.send(...sends);
    expect(await c.settled()).toEqual(back);
    expect(server.counters.malformed).toBe(malformed);
    expect(server.clients).toEqual([{ id: 1, dropped: 0, malformed }]);
  });

  it('is answered with a status, once a client asks for that', async () => {
    covers('server', ['set_level', 'status', 'id'], 'raw');
    const c = await client();
    c.send({ op: 'set_level', level: 'error', id: 'l' }, { op: 'dance', id: 'd' }, advertise('/s', 'std_msgs/String'));
    c.send(advertise('/s', 'std_msgs/Int8'), '{"op"', { op: 'set_level', level: 'loud' });
    c.send({ op: 'set_level', level: 'none' }, { op: 'dance' });
    const status = (msg: unknown, more: object = {}) => ({ op: 'status', level: 'error', ...more, msg });
    expect(await c.settled()).toEqual([
      status('op dance is not known here', { id: 'd' }),
      status('topic /s is std_msgs/msg/String, not std_msgs/msg/Int8'),
      status(expect.stringContaining('JSON')),
      status('level loud; allowed: none, error, warning, info'),
    ]);
  });

  it('is told apart from success at level info', async () => {
    const c = await client();
    c.send({ op: 'set_level', level: 'info', id: 'l' }, { ...text[0], id: 's' }, hello);
    expect(await c.settled()).toEqual([
      { op: 'status', level: 'info', id: 'l', msg: 'set_level done' },
      { op: 'status', level: 'info', id: 's', msg: 'subscribe done' },
      hello,
    ]);
  });

  it('of one client does not concern the others', async () => {
    const [bad, good] = [await client(), await client()];
    good.send(...text);
    await good.settled();
    bad.send('{', hello, '}}}');
    await bad.settled();
    expect(good.published).toEqual([{ data: 'hello' }]);
    expect(server.clients.map((c) => c.malformed)).toEqual([2, 0]);
  });

  it('that is too long ends that connection only', async () => {
    covers('server', 'frame.oversized', 'hostile');
    await server.close();
    await serve({ maxMessageBytes: 1000 });
    const [bad, good] = [await client(), await client()];
    bad.send('x'.repeat(1001));
    const [code] = await once(bad.socket, 'close');
    expect(code).toBe(1009);
    await good.settled();
    expect(server.counters.malformed).toBe(1);
  });

  it('that makes a handler of ours throw is counted and logged, and the other handlers still get it', async () => {
    await server.close();
    const logged: string[] = [];
    await serve({ logger: { warn: (_fields, message) => logged.push(message) } });
    const got: unknown[] = [];
    server.onPublish('/command', TYPES.stop, () => {
      throw new Error('no header');
    });
    server.onPublish('/command', TYPES.stop, (message) => got.push(message));
    const c = await client();
    c.send(publish('/command', { epoch: 'x' }));
    await c.settled();
    expect(got).toEqual([{ epoch: 'x' }]);
    expect(server.counters.failed).toBe(1);
    expect(logged).toEqual(['a handler of /command failed']);
  });
});

describe('what clients may use up', () => {
  it('topics are bounded, and those of a client that left are forgotten', async () => {
    await server.close();
    await serve({ maxTopics: 3 });
    server.publish('/ours', 'std_msgs/msg/String', {});
    const first = await client();
    first.send({ op: 'set_level', level: 'error' });
    for (let i = 0; i < 5; i++) first.send(i % 2 ? advertise(`/t${i}`, 'a/B') : subscribe(`/t${i}`, 'a/B'));
    expect((await first.settled()).map((m) => m.msg)).toEqual(['no more than 3 topics', 'no more than 3 topics']);
    server.publish('/ours too', 'std_msgs/msg/String', {});
    first.close();
    const second = await client();
    const topics = async () => {
      second.send({ op: 'call_service', service: '/rosapi/topics', id: 't' });
      const answer = await second.until((m) => m.id === 't');
      second.received.length = 0;
      return (answer.values as { topics: string[] }).topics;
    };
    while ((await topics()).length > 3);
    second.send(advertise('/t9', 'a/B'));
    expect(await topics()).toEqual(['/rosout', '/ours', '/ours too', '/t9']);
  });

  it('clients are bounded', async () => {
    plays('server', 'link.many');
    await server.close();
    const logged: string[] = [];
    await serve({ maxClients: 1, logger: { warn: (_fields, why) => logged.push(why) } });
    await client();
    for (let n = 0; n < 2; n++) {
      const another = await client();
      const [code, reason] = await once(another.socket, 'close');
      expect([code, String(reason)]).toEqual([1013, 'too many clients']);
    }
    expect(server.counters).toMatchObject({ clients: 1, turnedAway: 2 });
    expect(logged).toEqual(['a client is one too many; allowed: 1']);
  });

  it('unanswered calls are bounded', async () => {
    server.advertiseService('/silent', TYPES.trigger, () => new Promise(() => {}));
    const c = await client();
    for (let id = 0; id < 33; id++) c.send({ op: 'call_service', service: '/silent', id });
    const answer = await c.until((m) => m.op === 'service_response');
    expect(answer).toMatchObject({ id: 32, result: false, values: 'more than 32 calls unanswered' });
  });

  it('a client cannot take the type of a topic that is ours, whoever comes first', async () => {
    const c = await client();
    c.send({ op: 'set_level', level: 'error' }, subscribe('/mode', 'std_msgs/Float64'));
    await c.settled();
    server.publish('/mode', 'std_msgs/msg/String', { data: 'HOLD' });
    c.send(advertise('/mode', 'std_msgs/Float64'));
    const last = (await c.settled()).at(-1) as Received;
    expect(last.msg).toBe('topic /mode is std_msgs/msg/String, not std_msgs/msg/Float64');
    expect(c.published).toEqual([{ data: 'HOLD' }]);
  });

  it('a latched message of a client goes with the client', async () => {
    covers('server', ['advertise.latch', 'unadvertise'], 'raw');
    const [talker, listener] = [await client(), await client()];
    listener.send(subscribe('/l', 'std_msgs/String', { id: 'keep' }));
    talker.send({ ...advertise('/l', 'std_msgs/String'), latch: true }, publish('/l', { data: 'kept' }));
    await talker.settled();
    const late = await client();
    late.send(subscribe('/l', 'std_msgs/String'));
    await late.settled();
    expect(late.published).toEqual([{ data: 'kept' }]);
    talker.send({ op: 'unadvertise', topic: '/l' });
    await talker.settled();
    const later = await client();
    later.send(subscribe('/l', 'std_msgs/String'));
    await later.settled();
    expect(later.published).toEqual([]);
  });
});

describe('web pages', () => {
  it.each([
    ['http://localhost:8080', true],
    ['http://127.0.0.1:3000', true],
    ['http://[::1]:3000', true],
    ['https://studio.example', true],
    ['https://evil.example', false],
    ['http://localhost.evil.example', false],
    ['null', false],
  ])('of origin %s may connect: %s', async (origin, welcome) => {
    covers('server', 'origin', 'hostile');
    await server.close();
    await serve({ origins: ['https://studio.example'] });
    const opened = client({ origin });
    if (welcome) await expect(opened.then((c) => c.settled())).resolves.toEqual([]);
    else await expect(opened).rejects.toThrow('401');
    expect(server.counters.turnedAway).toBe(welcome ? 0 : 1);
  });
});
