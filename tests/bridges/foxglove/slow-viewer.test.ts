import { describe, expect, it } from 'vitest';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { serve } from './serving.ts';

const TYPE = 'std_msgs/msg/String';
const N = 200;
/** 200 messages of 100 kB: 20 MB, more than the sockets of a connection hold. */
const payload = 'x'.repeat(100_000);
const big = (n: number) => ({ data: `${n} ${payload}` });
const number = ({ data }: Record<string, unknown>) => Number((data as string).split(' ')[0]);

describe('a viewer that does not read', () => {
  it('costs the others nothing, keeps one message a channel waiting, and gets the newest when it reads again', async () => {
    plays('foxglove', 'reader.stalled');
    covers('foxglove', 'slow_peer', 'hostile');
    const { server, viewer } = await serve();
    for (const topic of ['/big', '/small']) server.declare(topic, TYPE, [], []);
    const [slow, quick] = [await viewer(), await viewer()];
    for (const v of [slow, quick]) {
      for (const topic of ['/big', '/small']) v.subscribe(topic);
      await v.settled();
    }
    slow.socket.pause();
    for (let n = 0; n < N; n++) {
      server.publish('/big', TYPE, big(n), n);
      server.publish('/small', TYPE, { data: String(n) }, n);
      await quick.settled();
    }
    for (const topic of ['/big', '/small'])
      expect(quick.of(topic).map(number)).toEqual(Array.from({ length: N }, (_, n) => n));
    const [behind, beside] = server.clients;
    expect(beside!.dropped).toBe(0);
    expect(behind!.dropped).toBeGreaterThan(0);

    slow.socket.resume();
    await slow.until(() => slow.of('/small').some((m) => number(m) === N - 1));
    await slow.settled();
    const [seenBig, seenSmall] = [slow.of('/big').map(number), slow.of('/small').map(number)];
    expect(seenBig.at(-1)).toBe(N - 1);
    expect(seenBig.length + seenSmall.length).toBe(2 * N - behind!.dropped);
    for (const seen of [seenBig, seenSmall]) expect(seen).toEqual([...seen].sort((a, b) => a - b));

    slow.close();
    while (server.clients.length > 1) await quick.settled();
    expect(server.counters.dropped).toBe(behind!.dropped);
  });

  it('is let go when what it must know piles up too', async () => {
    plays('foxglove', 'reader.status');
    covers('foxglove', 'slow_peer', 'hostile');
    const { server, viewer, logged } = await serve();
    const [slow, quick] = [await viewer(), await viewer()];
    slow.socket.pause();
    for (let n = 0; n < 300 && server.clients.length > 1; n++) {
      server.setStatus('note', 'info', `${n} ${payload}`);
      await quick.settled();
    }
    expect(server.clients.map(({ id }) => id)).toEqual([2]);
    expect(server.counters.refused.stalled).toBe(1);
    expect(logged).toEqual(['stalled']);
  });

  it('and answers no ping is let go', async () => {
    plays('foxglove', 'link.half_open');
    covers('foxglove', 'ping', 'hostile');
    const { server, viewer, logged } = await serve({ pingMs: 20 });
    const [dead, alive] = [await viewer(), await viewer()];
    dead.socket.pause();
    while (server.clients.length > 1) await alive.settled();
    expect(server.clients.map(({ id }) => id)).toEqual([2]);
    expect(server.counters.refused.silent).toBe(1);
    expect(logged).toEqual(['silent']);
  });
});
