import { describe, expect, it } from 'vitest';
import { covers } from '../../interop/conformance.ts';
import { advertise, publish, serve, subscribe } from './serving.ts';

describe('an option', () => {
  it('of ROS 2 for its own network (reliability, depth, queue_size) is taken and changes nothing here', async () => {
    covers('server', ['advertise.qos', 'advertise.queue_size', 'subscribe.qos', 'subscribe.compression.none'], 'raw');
    covers('server', 'publish.qos', 'raw');
    const { server, client } = await serve();
    const c = await client();
    const qos = { reliability: 'reliable', durability: 'volatile', depth: 1 };
    c.send(subscribe('/s', 'std_msgs/String', { qos, compression: 'none' }));
    c.send(advertise('/s', 'std_msgs/String', { qos, queue_size: 10 }), publish('/s', { data: 'x' }, { qos }));
    await c.settled();
    expect(c.published).toEqual([{ data: 'x' }]);
    expect(server.counters.malformed).toBe(0);
  });

  it('durability `transient_local` is latching, in the words of ROS 2: who comes later gets the last message', async () => {
    covers('server', 'advertise.qos', 'raw');
    const { client } = await serve();
    const [talker, late] = [await client(), await client()];
    talker.send(advertise('/s', 'std_msgs/String', { qos: { durability: 'transient_local' } }));
    talker.send(
      advertise('/v', 'std_msgs/String', { qos: { durability: 'volatile' } }),
      advertise('/n', 'std_msgs/String', { qos: null }),
    );
    talker.send(
      publish('/s', { data: 'first' }),
      publish('/s', { data: 'last' }),
      publish('/v', { data: 'gone' }),
      publish('/n', { data: 'gone' }),
    );
    await talker.settled();
    late.send(...['/s', '/v', '/n'].map((topic) => subscribe(topic, 'std_msgs/String')));
    await late.settled();
    expect(late.published).toEqual([{ data: 'last' }]);
  });

  it('latch of a single publication keeps it for who comes later; what is too large is not kept', async () => {
    covers('server', 'publish.latch', 'raw');
    const { server, client } = await serve();
    const [talker, late] = [await client(), await client()];
    talker.send(advertise('/s', 'std_msgs/String'), publish('/s', { data: 'kept' }, { latch: true }));
    talker.send(publish('/s', { data: 'passing' }), publish('/s', { data: 'x'.repeat(100_001) }, { latch: true }));
    await talker.settled();
    late.send(subscribe('/s', 'std_msgs/String'));
    await late.settled();
    expect(late.published).toEqual([{ data: 'kept' }]);
    expect(server.counters.refused.limit).toBe(1);
  });

  it('throttle_rate drops what comes too fast for it', async () => {
    covers('server', 'subscribe.throttle_rate', 'raw');
    const { client } = await serve();
    const c = await client();
    c.send(subscribe('/s', 'std_msgs/String', { throttle_rate: 60_000 }));
    for (const data of ['first', 'second', 'third']) c.send(publish('/s', { data }));
    await c.settled();
    expect(c.published).toEqual([{ data: 'first' }]);
  });
});

describe('the port', () => {
  it('answers a GET with the version of the protocol, and no other method', async () => {
    covers('server', 'http.get', 'raw');
    const { server, port } = await serve({ token: 'secret' });
    const url = `http://127.0.0.1:${port}`;
    const answer = await fetch(`${url}/anything`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await answer.json()).toEqual({
      protocol: { major: 2, minor: 1, patch: 0 },
      server: { name: 'reflexarc' },
    });
    const posted = await fetch(url, { method: 'POST', body: '{"op":"publish"}' });
    expect([posted.status, posted.headers.get('allow'), await posted.text()]).toEqual([405, 'GET', '']);
    expect(server.counters).toMatchObject({ clients: 0, malformed: 0 });
  });
});
