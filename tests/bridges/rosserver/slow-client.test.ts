import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { RawClient } from './raw-client.ts';

let server: RosServer;
let slow: RawClient;
let quick: RawClient;
let logged: object[];

beforeEach(async () => {
  logged = [];
  const logger = { warn: (fields: object) => logged.push(fields) };
  server = new RosServer({ port: 0, clock: new MonotonicClock(), logger });
  const { port } = await server.listen();
  slow = await RawClient.open(port);
  quick = await RawClient.open(port);
});
afterEach(async () => {
  slow.close();
  quick.close();
  await server.close();
});

const TYPE = 'std_msgs/msg/String';
const N = 200;
/** 200 messages of 100 kB: 20 MB, more than the sockets of a connection hold. */
const payload = 'x'.repeat(100_000);
const numbers = (client: RawClient) => client.published.map((m) => (m as { data: string; n: number }).n);
const publishAll = async (also: () => Promise<unknown> = async () => {}) => {
  for (let n = 0; n < N; n++) {
    server.publish('/big', TYPE, { n, data: payload });
    await also();
  }
};
const subscribe = (queue_length: number) => ({ op: 'subscribe', topic: '/big', type: TYPE, queue_length });

describe('a client that does not read', () => {
  it('costs the others nothing: they get every message in order, it loses some, and that is counted', async () => {
    plays('server', 'reader.stalled');
    covers('server', ['slow_peer', 'subscribe.queue_length'], 'hostile');
    for (const client of [slow, quick]) {
      client.send(subscribe(0));
      await client.settled();
    }
    slow.socket.pause();
    await publishAll(() => quick.settled());
    expect(numbers(quick)).toEqual(Array.from({ length: N }, (_, n) => n));
    const [behind, beside] = server.clients;
    expect(beside!.dropped).toBe(0);
    expect(behind!.dropped).toBeGreaterThan(0);
    expect([server.dropped, server.counters.dropped]).toEqual([behind!.dropped, 0]);

    slow.socket.resume();
    await slow.settled();
    expect(numbers(slow)).toHaveLength(N - behind!.dropped);
    slow.close();
    while (server.clients.length > 1) await quick.settled();
    expect([server.dropped, server.counters.dropped]).toEqual([behind!.dropped, behind!.dropped]);
  });

  it('gets the newest message as soon as it reads again, if it asked for a queue of 1', async () => {
    covers('server', 'subscribe.queue_length', 'raw');
    slow.send(subscribe(1));
    await slow.settled();
    slow.socket.pause();
    await publishAll(() => new Promise((resolve) => setImmediate(resolve)));
    const dropped = server.clients[0]!.dropped;
    expect(dropped).toBeGreaterThan(0);
    slow.socket.resume();
    await slow.until((m) => (m.msg as { n: number } | undefined)?.n === N - 1);
    expect(numbers(slow)).toHaveLength(N - dropped);
    expect(numbers(slow)).toEqual([...numbers(slow)].sort((a, b) => a - b));
  });

  it('has no more waiting for it than 8 MB, however long a queue it asked for and however many topics', async () => {
    plays('server', 'reader.bytes');
    covers('server', 'subscribe.queue_length', 'hostile');
    for (const topic of ['/a', '/b']) slow.send({ op: 'subscribe', topic, type: TYPE, queue_length: 1000 });
    await slow.settled();
    slow.socket.pause();
    const of = (n: number) => (n % 2 === 0 ? '/a' : '/b');
    for (let n = 0; n < N; n++) {
      server.publish(of(n), TYPE, { n, data: payload });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { dropped } = server.clients[0]!;
    // 200 messages of 100 kB are 20 MB: 79 of them fit into 8 MB, and the sockets hold a few.
    expect(dropped).toBeGreaterThan(0);
    expect(dropped).toBeLessThanOrEqual(N - 79);
    slow.socket.resume();
    await slow.until((m) => (m.msg as { n: number } | undefined)?.n === N - 1);
    await slow.settled();
    expect(numbers(slow)).toHaveLength(N - dropped);
  });

  it('is let go when even the answers to its calls pile up', async () => {
    plays('server', 'reader.answers');
    server.advertiseService('/big', TYPE, () => ({ payload }));
    slow.socket.pause();
    for (let id = 0; id < 300; id++) {
      slow.send({ op: 'call_service', service: '/big', id });
      await quick.settled();
    }
    while (server.clients.length > 1) await quick.settled();
    expect(server.clients.map((c) => c.id)).toEqual([2]);
    expect(server.counters.refused.stalled).toBe(1);
    expect(logged).toEqual([{ client: 1, kind: 'stalled' }]);
  });

  it('and answers no ping is let go', async () => {
    covers('server', ['half_open', 'ping'], 'hostile');
    await server.close();
    server = new RosServer({ port: 0, clock: new MonotonicClock(), pingMs: 20 });
    const { port } = await server.listen();
    const dead = await RawClient.open(port);
    const alive = await RawClient.open(port);
    dead.socket.pause();
    while (server.clients.length > 1) await alive.settled();
    expect(server.clients.map((c) => c.id)).toEqual([2]);
    dead.close();
    alive.close();
  });
});
