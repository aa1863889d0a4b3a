import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { pngOfText } from '../../../bridges/messages/png.ts';
import type { Kind } from '../../../bridges/rosserver/refusal.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { advertise, publish, serve, subscribe } from './serving.ts';

const fragment = (num: unknown, total: unknown, data: unknown = 'x', id: unknown = 'f') => ({
  op: 'fragment',
  ...{ id, num, total, data },
});
const png = (text: string) => ({ op: 'png', data: pngOfText(text).toString('base64') });
const nested = (depth: number) => `${`{"a":`.repeat(depth)}1${'}'.repeat(depth)}`;
const storm = (make: (i: number) => object, n: number) => Array.from({ length: n }, (_, i) => make(i));

/** What a client sends, what kind of wrong that is, and how often. */
const SCRIPT: [string, unknown[], Kind, number][] = [
  ['half of an operation', ['{"op":"subscribe","topic":"/a'], 'not_json', 1],
  ['bytes that are no text', [Buffer.from([0xff, 0xfe, 0x00])], 'not_json', 1],
  ['numbers, lists and null for operations', ['7', '[]', 'null', '"op"'], 'not_an_operation', 4],
  ['ops that nobody knows', [{ op: 'dance' }, { op: 7 }, {}, { op: '__proto__' }, { op: { a: 1 } }], 'unknown_op', 5],
  ['a throttle for ever', [subscribe('/a', 'a/B', { throttle_rate: 1e300 })], 'bad_field', 1],
  [
    'negative and odd numbers',
    storm((i) => subscribe('/a', 'a/B', { queue_length: [-1, '1', {}][i] }), 3),
    'bad_field',
    3,
  ],
  ['fragments of nothing', [subscribe('/a', 'a/B', { fragment_size: 1 })], 'bad_field', 1],
  [
    'NaN where it is no JSON number',
    ['{"op":"subscribe","topic":"/a","throttle_rate":NaN,"type":NaN,"id":NaN}'],
    'bad_field',
    0,
  ],
  ['topics without a name', [{ op: 'subscribe' }, { op: 'advertise', topic: {}, type: [] }], 'bad_field', 2],
  ['publications that nobody advertised', [publish('/nowhere', {}), { op: 'publish' }], 'unknown_name', 2],
  ['taking back what it never had', [{ op: 'unadvertise', topic: '/x' }, { op: 'unsubscribe' }], 'unknown_name', 2],
  ['answers to calls that nobody made', [{ op: 'service_response', id: 'i', result: true }], 'unknown_name', 1],
  ['results of goals that nobody sent', [{ op: 'action_result', id: 'i', result: true }], 'unknown_name', 1],
  ['another type for a topic', [advertise('/good', 'std_msgs/Int8')], 'type_conflict', 1],
  [
    'messages of another type',
    storm((i) => publish('/good', [{ data: 7 }, { bad: '' }, [], 7][i]), 4),
    'bad_message',
    4,
  ],
  [
    'a message nested too deep',
    [subscribe('/deep', 'a/Deep'), `{"op":"publish","topic":"/deep","msg":${nested(100)}}`],
    'bad_message',
    1,
  ],
  [
    'fragments without numbers',
    [fragment('0', 2), fragment(0, 'x'), fragment(2, 2), fragment(-1, 2), fragment(0, 1e9)],
    'bad_fragment',
    5,
  ],
  ['a fragment twice', [fragment(0, 3, 'x', 'twice'), fragment(0, 3, 'x', 'twice')], 'bad_fragment', 1],
  ['fragments that change their total', [fragment(0, 3, 'x', 'c'), fragment(1, 4, 'x', 'c')], 'bad_fragment', 1],
  ['more fragmented messages than one can hold', storm((i) => fragment(0, 2, 'x', `s${i}`), 17), 'bad_fragment', 1],
  ['a picture of no picture', [{ op: 'png', data: 'AAAA' }, { op: 'png' }], 'bad_png', 2],
  ['a picture within a picture within a picture', [png(JSON.stringify(png(JSON.stringify(png('{}')))))], 'bad_png', 1],
  ['a picture of half an operation', [png('{"op":')], 'not_json', 1],
  ['subscriptions without end', storm((i) => subscribe(`/storm${i}`, 'a/B'), 205), 'limit', 5],
  [
    'subscriptions to one topic without end',
    storm((i) => subscribe('/storm0', 'a/B', { id: `i${i}` }), 25),
    'limit',
    5,
  ],
  ['topics without end', storm((i) => advertise(`/many${i}`, 'a/B'), 205), 'limit', 5],
  ['a name of a thousand characters', [advertise(`/${'n'.repeat(1000)}`, 'a/B')], 'limit', 1],
  [
    'services without end',
    storm((i) => ({ op: 'advertise_service', service: `/s${i}`, type: 'a/B' }), 105),
    'limit',
    5,
  ],
];

describe('a hostile client', () => {
  it.each(SCRIPT)(
    'that sends %s is refused, counted, told of once, and costs its neighbour nothing',
    async (...row) => {
      plays('server', {
        'op.unknown': 'ops that nobody knows',
        'frame.broken': 'half of an operation',
        'frame.no_operation': 'numbers, lists and null for operations',
        'fragment.broken': 'fragments without numbers',
        'fragment.flood': 'more fragmented messages than one can hold',
        'png.broken': 'a picture within a picture within a picture',
        'message.shape': 'messages of another type',
        'message.deep': 'a message nested too deep',
        'type.conflict': 'another type for a topic',
        'topic.unknown': 'publications that nobody advertised',
        'field.odd': 'negative and odd numbers',
        'answer.unasked': 'answers to calls that nobody made',
        'names.flood': 'topics without end',
      });
      const [, sends, kind, times] = row;
      covers('server', ['frame.malformed', 'fragment.in', 'png.in', 'subscribe', 'advertise', 'publish'], 'hostile');
      covers('server', ['advertise_service', 'service_response', 'action_result', 'unsubscribe'], 'hostile');
      const logged: object[] = [];
      const { server, client } = await serve({ logger: { warn: (fields) => logged.push(fields) } });
      const [good, bad] = [await client(), await client()];
      good.send(subscribe('/good', 'std_msgs/String'));
      await good.settled();
      bad.send(...sends);
      await bad.settled();
      expect(server.counters.refused[kind]).toBe(times);
      expect(server.counters.malformed).toBe(times);
      expect(logged).toEqual(times === 0 ? [] : [{ client: 2, kind }]);
      bad.send(publish('/good', { data: 'after all' }));
      await bad.settled();
      await good.settled();
      expect(good.published).toEqual([{ data: 'after all' }]);
      expect(server.clients.map((c) => c.id)).toEqual([1, 2]);
    },
  );

  it('that comes with everything at once, a hundred times over, changes nothing for the others', async () => {
    plays('server', 'everything.at_once');
    covers('server', ['frame.malformed', 'slow_peer'], 'hostile');
    const logged: object[] = [];
    const { server, client } = await serve({ logger: { warn: (fields) => logged.push(fields) } });
    const [good, ...bad] = [await client(), await client(), await client(), await client()];
    good.send(subscribe('/beat', 'std_msgs/Int32'));
    await good.settled();
    for (let beat = 0; beat < 100; beat++) {
      for (const one of bad) one.send(...(SCRIPT[beat % SCRIPT.length]![1] as unknown[]));
      server.publish('/beat', 'std_msgs/Int32', { data: beat });
      if (beat % 10 === 0) await good.settled();
    }
    for (const one of [...bad, good]) await one.settled();
    expect(good.published).toEqual(Array.from({ length: 100 }, (_, data) => ({ data })));
    expect(server.counters.malformed).toBeGreaterThan(300);
    const kinds = Object.values(server.counters.refused);
    expect(kinds.reduce((a, b) => a + b)).toBe(server.counters.malformed);
    // Each kind once for each client, however often.
    const said = logged.map((fields) => JSON.stringify(fields));
    expect(new Set(said).size).toBe(said.length);
  });

  it('that sends a frame of 10 MB may; of a byte more, and the connection ends', async () => {
    plays('server', 'frame.huge');
    covers('server', 'frame.oversized', 'hostile');
    const { server, client, logged } = await serve();
    const [within, beyond] = [await client(), await client()];
    const frame = (bytes: number) => `${`{"op":"dance","x":"${'x'.repeat(bytes - 20)}"}`.slice(0, bytes - 2)}"}`;
    within.send(frame(10_000_000));
    await within.settled();
    beyond.send(frame(10_000_001));
    const [code] = await once(beyond.socket, 'close');
    expect(code).toBe(1009);
    await within.settled();
    expect(server.counters.refused).toMatchObject({ unknown_op: 1, oversized: 1 });
    expect(logged).toEqual(['unknown_op', 'oversized']);
  });

  it('that sends fragments out of order gets them carried out in order', async () => {
    plays('server', 'fragment.order');
    covers('server', ['fragment.in', 'fragment.total'], 'raw');
    const { server, client } = await serve();
    const c = await client();
    const text = JSON.stringify(publish('/s', { data: 'in order' }));
    c.send(subscribe('/s', 'std_msgs/String'));
    // A total as rosbridge_suite writes it: (length − 1) / size + 1.
    const total = (text.length - 1) / 20 + 1;
    const parts = Array.from({ length: Math.floor(total) }, (_, i) =>
      fragment(i, total, text.slice(i * 20, i * 20 + 20), 0),
    );
    c.send(...parts.reverse());
    await c.settled();
    expect(c.published).toEqual([{ data: 'in order' }]);
    expect(server.counters.malformed).toBe(0);
  });

  it('that sends a picture gets what is in it carried out', async () => {
    covers('server', 'png.in', 'raw');
    const { client } = await serve();
    const c = await client();
    c.send(subscribe('/s', 'std_msgs/String'), png(JSON.stringify(publish('/s', { data: 'pixels' }))));
    await c.settled();
    expect(c.published).toEqual([{ data: 'pixels' }]);
  });

  it('whose picture says that it is small and swells to megabytes is refused', async () => {
    covers('server', 'png.in', 'hostile');
    const { server, client } = await serve({ maxMessageBytes: 100_000 });
    const c = await client();
    const bomb = pngOfText('x'.repeat(5_000_000));
    bomb.writeUInt32BE(10, 16);
    bomb.writeUInt32BE(10, 20);
    c.send({ op: 'png', data: bomb.toString('base64') });
    await c.settled();
    expect(server.counters.refused.bad_png).toBe(1);
  });

  it('that opens a connection and says nothing, or no HTTP, is let alone or let go', async () => {
    plays('server', 'link.half_open');
    covers('server', 'half_open', 'hostile');
    const { server, port, client, logged } = await serve({ pingMs: 20 });
    const raw = connect(port, '127.0.0.1');
    await once(raw, 'connect');
    raw.resume();
    raw.write('no http at all\r\n\r\n');
    await once(raw, 'close');
    const [dead, alive] = [await client(), await client()];
    dead.socket.pause();
    while (server.clients.length > 1) await alive.settled();
    expect(server.counters.refused.silent).toBe(1);
    expect(logged).toEqual(['silent']);
    expect(server.clients.map((c) => c.id)).toEqual([2]);
  });

  it('that asks for everything of a topic and reads nothing costs its neighbour no message', async () => {
    covers('server', 'slow_peer', 'hostile');
    const { server, client } = await serve();
    const [frozen, healthy] = [await client(), await client()];
    const name = Array.from({ length: 7 }, (_, i) => `joint${i}`);
    for (const one of [frozen, healthy])
      one.send(subscribe('/js', 'sensor_msgs/JointState'), subscribe('/big', 'x/Big'));
    await frozen.settled();
    await healthy.settled();
    frozen.socket.pause();
    const filling = 'x'.repeat(200_000);
    for (let i = 0; i < 300; i++) {
      if (i < 100) server.publish('/big', 'x/Big', { filling });
      server.publish('/js', 'sensor_msgs/JointState', { name, position: [i] });
      if (i % 5 === 0) await healthy.settled();
    }
    await healthy.settled();
    const heard = healthy.published.filter((m) => 'position' in (m as object));
    expect(heard).toEqual(Array.from({ length: 300 }, (_, i) => ({ name, position: [i] })));
    const [behind, beside] = server.clients;
    expect(beside!.dropped).toBe(0);
    expect(behind!.dropped).toBeGreaterThan(100);
  });
});

describe('fragments', () => {
  it('that do not all come are given up after ten seconds, and said', async () => {
    plays('server', 'fragment.missing');
    covers('server', 'fragment.in', 'hostile');
    const { VirtualClock } = await import('../../../src/core/clock.ts');
    const clock = new VirtualClock();
    const { server, client, logged } = await serve({ clock, pingMs: 10 });
    const c = await client();
    c.send({ op: 'set_level', level: 'error' }, fragment(0, 2));
    await c.settled();
    clock.advance(10e9);
    while (server.counters.malformed === 0) await c.settled();
    expect(server.counters.refused.bad_fragment).toBe(1);
    expect(logged).toEqual(['bad_fragment']);
  });
});
