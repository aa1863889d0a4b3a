import { describe, expect, it } from 'vitest';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { advertise, publish, serve, subscribe } from './serving.ts';

const LONG = 'x'.repeat(100);
const joined = (parts: readonly { op: string; data?: unknown }[]) =>
  JSON.parse(
    parts
      .filter((m) => m.op === 'fragment')
      .map((m) => m.data)
      .join(''),
  );

describe('a field that rosbridge_suite honours in any operation', () => {
  it('fragment_size cuts all that goes to this client from then on, and has no size of its own; 0 ends it', async () => {
    covers('server', 'control.fragment_size', 'raw');
    const { server, client } = await serve();
    const [cut, whole] = [await client(), await client()];
    cut.send(advertise('/s', 'std_msgs/String', { fragment_size: 50 }));
    for (const c of [cut, whole]) c.send(subscribe('/s', 'std_msgs/String'));
    // A call has a size of its own: nothing of its answer is cut.
    const heard = () => cut.call('/rosapi/get_time', {}, { fragment_size: 1000 });
    await heard();
    cut.received.splice(0);
    whole.send(publish('/s', { data: LONG }));
    await whole.settled();
    expect(whole.published).toEqual([{ data: LONG }]);
    await cut.until((m) => m.op === 'fragment' && m.num === (m.total as number) - 1);
    const parts = cut.received.splice(0);
    expect(parts.every((m) => m.op === 'fragment' && String(m.data).length <= 50)).toBe(true);
    expect(joined(parts)).toEqual({ op: 'publish', topic: '/s', msg: { data: LONG } });

    cut.send({ op: 'advertise_service', service: '/provided', type: 'x/Y', fragment_size: 80 });
    cut.send({ op: 'call_service', service: '/none', id: 'own', fragment_size: 40 });
    await cut.until((m) => m.op === 'fragment' && m.num === (m.total as number) - 1);
    const answer = cut.received.splice(0);
    expect(answer.every((m) => String(m.data).length <= 40)).toBe(true);
    expect(joined(answer)).toMatchObject({ id: 'own', values: 'Service /none does not exist' });
    void server.callService('/provided', { text: LONG }).catch(() => {});
    await cut.until((m) => m.op === 'fragment' && m.num === (m.total as number) - 1);
    const call = cut.received.splice(0);
    expect(Math.max(...call.map((m) => String(m.data).length))).toBe(80);
    expect(joined(call)).toMatchObject({ op: 'call_service', args: { text: LONG } });

    cut.send({ op: 'set_level', level: 'none', fragment_size: 0 });
    await cut.settled();
    expect(cut.received.some((m) => m.op === 'fragment')).toBe(false);
    expect(server.counters.malformed).toBe(0);
  });

  it('fragment_size that is none is refused with its operation, and changes nothing', async () => {
    plays('server', 'control.size');
    covers('server', 'control.fragment_size', 'hostile');
    const { server, client, logged } = await serve();
    const c = await client();
    for (const size of [3, -1, 'x', null, {}])
      c.send(advertise('/s', 'std_msgs/String', { fragment_size: size }), { op: 'unadvertise', topic: '/s' });
    c.send(subscribe('/s', 'std_msgs/String'), publish('/s', { data: LONG }));
    await c.settled();
    // null is none: that one advertise was carried out.
    expect(server.counters.refused).toMatchObject({ bad_field: 4, unknown_name: 4 });
    expect(logged).toEqual(['bad_field', 'unknown_name']);
    expect(c.published).toEqual([{ data: LONG }]);
  });

  it('message_intervall and png change nothing: the operation is carried out, and who asked for status is told', async () => {
    plays('server', 'control.sleep');
    const { server, client } = await serve();
    const c = await client();
    c.send(subscribe('/s', 'std_msgs/String', { message_intervall: 60 }));
    c.send(publish('/s', { data: 'at once' }, { message_intervall: 'soon', png: 'png' }), {
      op: 'set_level',
      level: 'warning',
    });
    c.send(publish('/s', { data: 'again' }, { id: 'p', message_intervall: 60 }));
    expect(await c.settled()).toEqual([
      { op: 'publish', topic: '/s', msg: { data: 'at once' } },
      {
        ...{ op: 'status', level: 'warning', id: 'p' },
        msg: 'message_intervall is not kept: throttle_rate of a subscription thins it out',
      },
      { op: 'publish', topic: '/s', msg: { data: 'again' } },
    ]);
    expect(server.counters.malformed).toBe(0);
  });
});
