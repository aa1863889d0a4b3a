import { afterEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { RawClient } from '../rosserver/raw-client.ts';
import { COMMAND, client, encoder, type Made, nothingOldIsSent, StandIn, until } from './robot-stand-in.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
const kept = <T extends { close(): unknown }>(one: T): T => {
  opened.push(one);
  return one;
};

async function onOurServer(port = 0): Promise<{ server: RosServer; port: number; other: RawClient; made: Made }> {
  const server = new RosServer({ port, clock: new MonotonicClock() });
  const at = await server.listen();
  const other = kept(await RawClient.open(at.port));
  const made = client(`ws://127.0.0.1:${at.port}`, { ping_ms: 50 });
  kept(made.bridge);
  return { server: kept(server), port: at.port, other, made };
}

const stop = { header: { stamp: { sec: 3, nanosec: 5 }, frame_id: 'base' }, epoch: 1_700_000_000_123, reason: 'Δ' };

describe('our place in the graph of a robot', () => {
  it('shows its topics before their first message, and publishes to who listens', async () => {
    covers('client', ['advertise', 'publish'], 'raw');
    const { made, other } = await onOurServer();
    const { graph } = made.bridge;
    graph.advertise('/reflexarc/stop', TYPES.stop);
    graph.advertise('/reflexarc/risk', TYPES.float64);
    await made.bridge.open();
    for (;;) {
      const { topics, types } = (await other.call('/rosapi/topics')).values as { topics: string[]; types: string[] };
      const found = topics.map((topic, i) => `${topic} ${types[i]}`);
      if (['/reflexarc/stop', '/reflexarc/risk'].every((t) => topics.includes(t))) {
        expect(found).toEqual(expect.arrayContaining([`/reflexarc/stop ${TYPES.stop}`]));
        break;
      }
    }
    other.send({ op: 'subscribe', topic: '/reflexarc/stop' });
    await other.settled();
    graph.publish('/reflexarc/stop', TYPES.stop, stop);
    expect((await other.until((m) => m.topic === '/reflexarc/stop')).msg).toEqual(stop);
    expect(graph.dropped).toBe(0);
  });

  it('keeps the last message of a latched topic for who comes later, and says it anew on the next connection', async () => {
    covers('client', 'advertise.latch', 'raw');
    const first = await onOurServer();
    const { graph } = first.made.bridge;
    // Before there is any connection: only what is latched is kept.
    graph.publish('/mode', TYPES.string, { data: 'BOOT' }, { latch: true });
    graph.publish('/mode', TYPES.string, { data: 'HOLD' }, { latch: true });
    graph.publish('/risk', TYPES.float64, { data: 0.5 });
    expect(graph.dropped).toBe(3);
    await first.made.bridge.open();
    const heard = async (on: RawClient) => {
      on.send({ op: 'subscribe', topic: '/mode', type: TYPES.string }, { op: 'subscribe', topic: '/risk' });
      return (await on.until((m) => m.topic === '/mode')).msg;
    };
    expect(await heard(first.other)).toEqual({ data: 'HOLD' });
    await first.server.close();
    const server = kept(new RosServer({ port: first.port, clock: new MonotonicClock() }));
    await server.listen();
    const other = kept(await RawClient.open(first.port));
    expect(await heard(other)).toEqual({ data: 'HOLD' });
    expect(other.received.filter((m) => m.topic === '/risk')).toEqual([]);
  });

  it('has its services, what it listens to and what it says on the next connection again, and nothing that was said between', async () => {
    covers(
      'client',
      ['reconnect', 'advertise_service', 'service_response', 'subscribe', 'advertise', 'publish'],
      'raw',
    );
    const first = await onOurServer();
    const { graph } = first.made.bridge;
    const heard: number[] = [];
    graph.advertiseService('/reflexarc/arm', TYPES.trigger, () => ({ success: true, message: 'armed' }));
    graph.onPublish('/reflexarc/takeover', TYPES.takeover, (message) => heard.push((message as { seq: number }).seq));
    graph.advertise('/reflexarc/risk', TYPES.float64);
    await first.made.bridge.open();
    const takeover = (seq: number) => ({
      ...{ header: stop.header, epoch: 7, command_seq: 3, seq, action: [0.5], release: false, operator: 'desk' },
    });
    /** All of our place works, as somebody on that server sees it. */
    const works = async (on: RawClient, seq: number) => {
      const known = async (what: string, args: object, field: string) =>
        ((await on.call(`/rosapi/${what}`, args)).values as Record<string, unknown[]>)[field]!;
      while ((await known('service_type', { service: '/reflexarc/arm' }, 'type')).length === 0) await on.settled();
      expect((await on.call('/reflexarc/arm')).values).toEqual({ success: true, message: 'armed' });
      while ((await known('subscribers', { topic: '/reflexarc/takeover' }, 'subscribers')).length === 0)
        await on.settled();
      on.send(
        { op: 'advertise', topic: '/reflexarc/takeover', type: TYPES.takeover },
        { op: 'publish', topic: '/reflexarc/takeover', msg: takeover(seq) },
      );
      await until(() => heard.includes(seq));
      while ((await known('publishers', { topic: '/reflexarc/risk' }, 'publishers')).length === 0) await on.settled();
      on.send({ op: 'subscribe', topic: '/reflexarc/risk' });
      await on.settled();
      graph.publish('/reflexarc/risk', TYPES.float64, { data: seq });
      expect((await on.until((m) => m.topic === '/reflexarc/risk')).msg).toEqual({ data: seq });
    };
    await works(first.other, 1);
    await first.server.close();
    await until(() => first.made.bridge.faults.length > 0);
    const { dropped } = graph;
    graph.publish('/reflexarc/risk', TYPES.float64, { data: 0.125 });
    expect(graph.dropped).toBe(dropped + 1);

    const server = kept(new RosServer({ port: first.port, clock: new MonotonicClock() }));
    await server.listen();
    const other = kept(await RawClient.open(first.port));
    await works(other, 2);
    expect(other.published).toEqual([{ data: 2 }]);
    expect(heard).toEqual([1, 2]);
  });

  it('answers calls of its services, each once: with a message, with why it failed, and with a refusal of a flood', async () => {
    covers('client', ['advertise_service', 'service_response', 'service_response.failure'], 'raw');
    const { made, other } = await onOurServer();
    const { graph } = made.bridge;
    graph.advertiseService('/reflexarc/arm', TYPES.trigger, (args) => ({
      success: true,
      message: JSON.stringify(args),
    }));
    graph.advertiseService('/reflexarc/set_residual_scale', TYPES.setScale, () => {
      throw new Error('out of order');
    });
    const waiting: (() => void)[] = [];
    graph.advertiseService('/slow', TYPES.trigger, () => new Promise<void>((done) => waiting.push(done)));
    await made.bridge.open();
    const there = async (service: string) =>
      ((await other.call('/rosapi/service_type', { service })).values as { type: string }).type !== '';
    while (!(await there('/slow')) || !(await there('/reflexarc/set_residual_scale'))) await other.settled();
    expect(await other.call('/reflexarc/arm', { a: 1 })).toMatchObject({
      result: true,
      values: { success: true, message: '{"a":1}' },
    });
    expect(await other.call('/reflexarc/set_residual_scale', { scale: 2 })).toMatchObject({
      result: false,
      values: 'out of order',
    });
    const calls = Array.from({ length: 33 }, () => other.call('/slow'));
    await until(() => waiting.length === 32);
    for (const done of waiting) done();
    const answers = await Promise.all(calls);
    expect(answers.filter((a) => a.result === true)).toHaveLength(32);
    expect(answers.find((a) => a.result !== true)?.values).toBe('more than 32 calls unanswered');
    expect((await other.call('/reflexarc/arm')).result).toBe(true);
  });

  it('hears what is published on its topics, checked by their type; of another shape it is counted', async () => {
    covers('client', ['subscribe', 'publish.nan'], 'raw');
    const { made, other } = await onOurServer();
    const heard: unknown[] = [];
    made.bridge.graph.onPublish('/reflexarc/takeover', TYPES.takeover, (message, by) => heard.push([message, by.id]));
    await made.bridge.open();
    const takeover = {
      ...{ header: stop.header, epoch: 7, command_seq: 3, seq: 1, action: [0.5, null], release: false },
      operator: 'desk',
    };
    other.send({ op: 'advertise', topic: '/reflexarc/takeover', type: TYPES.takeover });
    const said = () => other.send({ op: 'publish', topic: '/reflexarc/takeover', msg: takeover });
    while (heard.length === 0) {
      said();
      await other.settled();
    }
    expect(heard[0]).toEqual([{ ...takeover, action: [0.5, Number.NaN] }, 0]);
    expect(made.bridge.counters.malformed).toBe(0);
  });

  it('on ROS 1 it spells as ROS 1 does, services and times included', async () => {
    const standIn = kept(await StandIn.open());
    standIn.answer = ({ op, id, service }) =>
      op === 'call_service' && service === '/rosapi/get_time'
        ? { op: 'service_response', id, service, result: true, values: { time: { secs: 1, nsecs: 2 } } }
        : undefined;
    const made = client(standIn.url, { ros_version: 'auto' });
    kept(made.bridge);
    const { graph } = made.bridge;
    graph.publish('/diagnostics', TYPES.diagnosticArray, { header: stop.header, status: [] }, { latch: true });
    graph.advertiseService('/reflexarc/arm', TYPES.trigger, () => ({ success: true, message: '' }));
    await made.bridge.open();
    await standIn.until(() => standIn.of('publish').length > 0 && standIn.of('advertise_service').length > 0);
    expect(standIn.of('advertise')).toEqual([
      ...[
        { op: 'advertise', topic: '/diagnostics', type: 'diagnostic_msgs/DiagnosticArray', latch: true, queue_size: 1 },
      ],
    ]);
    expect(standIn.of('publish')[0]?.msg).toEqual({
      header: { seq: 0, stamp: { secs: 3, nsecs: 5 }, frame_id: 'base' },
      status: [],
    });
    expect(standIn.of('advertise_service')[0]).toMatchObject({ service: '/reflexarc/arm', type: 'std_srvs/Trigger' });
    standIn.from(standIn.of('advertise_service')[0]!).send(
      JSON.stringify({
        op: 'call_service',
        id: 'service_request:/reflexarc/arm:1',
        service: '/reflexarc/arm',
        args: {},
      }),
    );
    await standIn.until(() => standIn.of('service_response').length > 0);
    expect(standIn.of('service_response')[0]).toMatchObject({
      id: 'service_request:/reflexarc/arm:1',
      result: true,
      values: { success: true, message: '' },
    });
  });

  it.each([
    ['says that the type does not exist', { result: false, values: 'No module named reflexarc_msgs' }],
    ['has no definition of it', { result: true, values: { typedefs: [] } }],
  ])('where the server %s, nothing of our package is said there, and that is said once', async (_what, answer) => {
    plays('client', 'refusal.package');
    covers('client', 'rosapi.message_details', 'raw');
    const standIn = kept(await StandIn.open());
    standIn.answer = ({ op, id, service }) => {
      if (op !== 'call_service') return undefined;
      const time = { result: true, values: { time: { sec: 1, nanosec: 2 } } };
      return { op: 'service_response', id, service, ...(service === '/rosapi/get_time' ? time : answer) };
    };
    const made = client(standIn.url, {}, { encoder: encoder() });
    kept(made.bridge);
    const { graph } = made.bridge;
    graph.advertise('/reflexarc/state', TYPES.state);
    graph.advertise('/reflexarc/mode', TYPES.string);
    graph.onPublish('/reflexarc/takeover', TYPES.takeover, () => {});
    graph.advertiseService('/reflexarc/set_residual_scale', TYPES.setScale, () => ({}));
    graph.advertiseService('/reflexarc/arm', TYPES.trigger, () => ({}));
    await made.bridge.open();
    await until(() => made.errors.length > 0);
    graph.publish('/reflexarc/state', TYPES.state, {});
    graph.publish('/reflexarc/mode', TYPES.string, { data: 'HOLD' });
    await standIn.until(() => standIn.of('publish').length > 0);
    expect(standIn.of('advertise').map((o) => o.topic)).toEqual([COMMAND, '/reflexarc/mode']);
    expect(standIn.of('advertise_service').map((o) => o.service)).toEqual(['/reflexarc/arm']);
    expect(standIn.of('subscribe')).toEqual([]);
    expect(standIn.of('publish').map((o) => o.topic)).toEqual(['/reflexarc/mode']);
    expect(made.errors.map((e) => `${e.code} ${e.seen}`)).toEqual([
      `RA_TOPIC_TYPE ${standIn.url} has no reflexarc_msgs: nothing of it is published, heard or answered there`,
    ]);
    expect([graph.unknown, graph.dropped]).toEqual([1, 0]);
    expect(made.bridge.counters.mismatched).toBe(1);
    expect(made.bridge.faults.map((f) => f.about)).toEqual(['package reflexarc_msgs']);
    await nothingOldIsSent(made, standIn);
  });

  it('where rosapi does not answer, the server is taken to have our package', async () => {
    const standIn = kept(await StandIn.open());
    standIn.answer = ({ op, id, service }) =>
      op === 'call_service'
        ? { op: 'service_response', id, service, result: false, values: 'no such service' }
        : undefined;
    const made = client(standIn.url);
    kept(made.bridge);
    made.bridge.graph.advertise('/reflexarc/state', TYPES.state);
    await made.bridge.open();
    await standIn.until(() => standIn.of('advertise').length > 0);
    expect(standIn.of('advertise')[0]).toMatchObject({
      type: TYPES.state,
      qos: { history: 'keep_last', depth: 10, reliability: 'reliable', durability: 'volatile' },
    });
  });

  it('a server that does not read gets nothing more, which is counted, and costs the states nothing', async () => {
    plays('client', 'reader.graph');
    covers('client', 'slow_peer', 'raw');
    const standIn = kept(await StandIn.open());
    const made = client(standIn.url, {}, { encoder: encoder() });
    kept(made.bridge);
    const { graph } = made.bridge;
    graph.advertise('/log', TYPES.string);
    await made.bridge.open();
    const log = () => standIn.of('advertise').find((o) => o.topic === '/log');
    await standIn.until(() => log() !== undefined);
    standIn.from(log()!).pause();
    const long = { data: 'x'.repeat(100_000) };
    for (let n = 0; n < 1000 && graph.dropped === 0; n++) {
      graph.publish('/log', TYPES.string, long);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(graph.dropped).toBeGreaterThan(0);
    await nothingOldIsSent(made, standIn);
    expect(made.bridge.link$.value.up).toBe(true);
  });
});
