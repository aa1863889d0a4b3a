import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Echo } from '../../../controllers/safety/echo.ts';
import { TakeoverInput } from '../../../controllers/safety/takeover.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import { TAKEOVER } from '../../../src/daemon/citizen/interface.ts';
import { TakeoverDoor } from '../../../src/daemon/citizen/takeovers.ts';
import { plays } from '../../interop/played.ts';
import { breakProtocol } from '../serving/break-protocol.ts';
import { advertise, publish, serve, subscribe } from './serving.ts';

/** What clients do that has no place in hostile.test.ts: odd, and mostly no fault of one operation. */
describe('a client', () => {
  it('that offers a service, calls it over the same connection and never answers is told so, and goes on meanwhile', async () => {
    plays('server', 'answer.never');
    const { server, client } = await serve();
    const c = await client();
    c.send({ op: 'advertise_service', service: '/own', type: 'std_srvs/SetBool' });
    const answer = c.call('/own', { data: true }, { timeout: 0.05 });
    const asked = await c.until((m) => m.op === 'call_service');
    expect(asked).toMatchObject({ service: '/own', args: { data: true } });
    await c.settled();
    expect(await answer).toMatchObject({ result: false, values: expect.stringContaining('/own') });
    expect(server.clients).toEqual([{ id: 1, dropped: 0, malformed: 0 }]);
  });

  it('that subscribes what nobody publishes, and names no type, hears it once somebody does, of any type', async () => {
    plays('server', 'subscribe.untyped');
    const { server, client } = await serve();
    const [early, talker] = [await client(), await client()];
    early.send({ op: 'subscribe', topic: '/later' }, publish('/later', { data: 'too early' }));
    await early.settled();
    expect(server.counters.refused.unknown_name).toBe(1);
    talker.send(advertise('/later', 'std_msgs/Int32'), publish('/later', { data: 7 }));
    await talker.settled();
    await early.settled();
    expect(early.published).toEqual([{ data: 7 }]);
    // The type is the publisher's from now on.
    early.send({ op: 'subscribe', topic: '/later', type: 'std_msgs/String' });
    await early.settled();
    expect(server.counters.refused.type_conflict).toBe(1);
  });

  it('that proves who it is where nobody asked goes on as it was', async () => {
    plays('server', 'op.auth');
    const { server, client } = await serve();
    const c = await client();
    c.send({ op: 'auth', mac: 'x', client: 'c', dest: 'd', rand: 'r', t: 1, level: 'admin', end: 2 });
    c.send(subscribe('/s', 'std_msgs/String'), publish('/s', { data: 'here' }));
    expect(await c.settled()).toEqual([{ op: 'publish', topic: '/s', msg: { data: 'here' } }]);
    expect(server.counters.malformed).toBe(0);
  });

  it('that comes and goes amid what it says, fifty times, leaves nothing behind and costs its neighbour nothing', async () => {
    plays('server', 'link.rapid');
    const { server, port, client } = await serve();
    const good = await client();
    good.send(subscribe('/beat', 'std_msgs/Int32'));
    await good.settled();
    for (let n = 0; n < 50; n++) {
      const hasty = new WebSocket(`ws://127.0.0.1:${port}`);
      hasty.on('error', () => {});
      // Some are gone before they are let in, some in the middle of a message, some with calls under way.
      if (n % 2 === 0) setImmediate(() => hasty.terminate());
      else
        hasty.on('open', () => {
          for (const op of [subscribe('/beat', 'std_msgs/Int32'), advertise(`/t${n}`, 'a/B')])
            hasty.send(JSON.stringify(op));
          hasty.send(JSON.stringify({ op: 'fragment', id: 'f', num: 0, total: 2, data: '{' }));
          hasty.send(JSON.stringify({ op: 'call_service', service: '/rosapi/topics', id: 'c' }), () =>
            hasty.terminate(),
          );
        });
      server.publish('/beat', 'std_msgs/Int32', { data: n });
      await good.settled();
    }
    const topics = async () => ((await good.call('/rosapi/topics')).values as { topics: string[] }).topics;
    while (server.clients.length > 1 || (await topics()).length > 2) await good.settled();
    expect(good.published).toEqual(Array.from({ length: 50 }, (_, data) => ({ data })));
    expect(server.counters).toMatchObject({ malformed: 0, failed: 0 });
  });

  it('that sends a frame of an opcode that websockets have not loses its connection, and that is no large message', async () => {
    plays('server', 'frame.protocol');
    const { server, client, logged } = await serve();
    const [odd, good] = [await client(), await client()];
    breakProtocol(odd.socket);
    const [code] = await once(odd.socket, 'close');
    expect(code).toBe(1002);
    await good.settled();
    expect(server.counters.refused).toMatchObject({ bad_frame: 1, oversized: 0 });
    expect(logged).toEqual(['bad_frame']);
  });

  it('that is a foreign page and knocks again and again is counted each time, and said once in ten seconds', async () => {
    plays('server', 'link.stranger');
    const clock = new VirtualClock();
    const { server, port, logged } = await serve({ clock });
    const knock = async (origin: string) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { origin });
      socket.on('error', () => {});
      const [, response] = await once(socket, 'unexpected-response');
      expect(response.statusCode).toBe(401);
      socket.terminate();
    };
    for (let n = 0; n < 5; n++) await knock('https://evil.example');
    expect(server.counters).toMatchObject({ turnedAway: 5, clients: 0 });
    expect(logged).toEqual(['a web page of this origin may not connect']);
    clock.advance(10e9);
    await knock('https://evil.example');
    expect(logged).toHaveLength(2);
  });

  it('that joins while others load twenty topics hears every beat, in order', async () => {
    plays('server', 'load.others');
    const { server, client } = await serve();
    const [loud, listening] = [await client(), await client()];
    const names = Array.from({ length: 20 }, (_, n) => `/load${n}`);
    for (const name of names) {
      loud.send(advertise(name, 'std_msgs/String'));
      listening.send(subscribe(name, 'std_msgs/String'));
    }
    await loud.settled();
    await listening.settled();
    const data = 'x'.repeat(1000);
    const load = () => loud.send(...names.map((name) => publish(name, { data })));
    load();
    const probe = await client();
    probe.send(subscribe('/beat', 'std_msgs/Int32'));
    await probe.settled();
    for (let beat = 0; beat < 20; beat++) {
      load();
      server.publish('/beat', 'std_msgs/Int32', { data: beat });
    }
    for (const one of [loud, probe, listening]) await one.settled();
    expect(probe.published).toEqual(Array.from({ length: 20 }, (_, beat) => ({ data: beat })));
    expect(listening.published).toHaveLength(21 * 20);
    expect(server.counters).toMatchObject({ malformed: 0, failed: 0 });
  });

  it('that replays the takeovers it made while it was away moves nothing: each is refused as old, and counted', async () => {
    plays('server', 'takeover.replay');
    const { server, client } = await serve();
    // Commands 1 to 100 of epoch 5 went out every 10 ms; it is 10 s later, and the newest is 1000.
    const echo = new Echo(1);
    for (let seq = 1; seq <= 1000; seq++) echo.sent(Float64Array.of(0), 5, seq, seq * 10e6);
    const counters = { takeovers: 0, refusedTakeovers: 0 };
    const input = new TakeoverInput(2, 200e6, counters);
    const door = new TakeoverDoor({
      from: ['server'],
      deliver: (takeover) => {
        input.ingest(takeover, 'ACTIVE', 5, echo, 10e9);
        return true;
      },
    });
    const topic = `/reflexarc/${TAKEOVER.name.replace(/^~\//, '')}`;
    server.onPublish(topic, TAKEOVER.type, (message, { id }) => void door.knock(message, { port: 'server', id }));
    const c = await client();
    const takeover = (seq: number, command_seq: number) =>
      publish(topic, { epoch: 5, seq, command_seq, action: [0.5, 0.5], release: false, operator: 'desk' });
    c.send(advertise(topic, TAKEOVER.type), ...Array.from({ length: 100 }, (_, n) => takeover(n, n + 1)));
    await c.settled();
    door.observeGate(0, counters.refusedTakeovers, input.lastRefusal);
    expect([input.held, [...input.action]]).toEqual([false, [0, 0]]);
    expect([door.refused, door.lastRefusal]).toEqual([100, 'stale']);
    // What it makes now is taken.
    c.send(takeover(100, 1000));
    await c.settled();
    expect([input.held, counters.takeovers]).toEqual([true, 1]);
  });
});
