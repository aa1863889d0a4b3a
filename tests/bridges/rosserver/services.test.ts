import { describe, expect, it } from 'vitest';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import type { RawClient } from './raw-client.ts';
import { serve } from './serving.ts';

const TYPE = 'std_srvs/SetBool';
const offer = (service: string) => ({ op: 'advertise_service', service, type: TYPE });

async function rooms() {
  const { server, client, logged } = await serve({ callTimeoutMs: 2000 });
  const [provider, caller] = [await client(), await client()];
  provider.send(offer('/gripper'));
  await provider.settled();
  return { server, provider, caller, client, logged };
}
const asked = (provider: RawClient, n = 1) =>
  provider.until((m) => m.op === 'call_service' && m.id === `service_request:/gripper:${n}`);

describe('a service that a client offers', () => {
  it('is called by another client, and its values come back under the id of the call', async () => {
    covers('server', ['advertise_service', 'call_service', 'call_service.args', 'service_response'], 'raw');
    const { provider, caller } = await rooms();
    const answer = caller.call('/gripper', { data: true });
    expect(await asked(provider)).toEqual({
      op: 'call_service',
      id: 'service_request:/gripper:1',
      service: '/gripper',
      args: { data: true },
    });
    const values = { success: true, message: 'closed' };
    provider.send({
      op: 'service_response',
      id: 'service_request:/gripper:1',
      service: '/gripper',
      values,
      result: true,
    });
    expect(await answer).toMatchObject({ service: '/gripper', values, result: true });
  });

  it('is called by our own process', async () => {
    const { server, provider } = await rooms();
    const answer = server.callService('/gripper', { data: false });
    const { id } = await asked(provider);
    provider.send({ op: 'service_response', id, service: '/gripper', values: { success: true }, result: true });
    expect(await answer).toEqual({ success: true });
    await expect(server.callService('/none', {})).rejects.toThrow('Service /none does not exist');
  });

  it('may fail, and says why', async () => {
    covers('server', 'service_response.failure', 'raw');
    const { provider, caller } = await rooms();
    const answer = caller.call('/gripper');
    const { id } = await asked(provider);
    provider.send({ op: 'service_response', id, service: '/gripper', values: 'jammed', result: false });
    expect(await answer).toMatchObject({ result: false, values: 'jammed' });
  });

  it('is called with a list of arguments, in the order of its request, and refuses one that is too long', async () => {
    plays('server', 'call.arguments');
    covers('server', 'call_service.args.list', 'raw');
    const { server, provider, caller, logged } = await rooms();
    const answer = caller.call('/gripper', [true]);
    expect(await asked(provider)).toMatchObject({ args: { data: true } });
    provider.send({ op: 'service_response', id: 'service_request:/gripper:1', values: {}, result: true });
    expect((await answer).result).toBe(true);
    expect(await caller.call('/gripper', [true, 1])).toMatchObject({
      ...{ result: false, values: 'Service /gripper takes fewer arguments' },
    });
    expect(server.counters.refused.bad_message).toBe(1);
    expect(logged).toEqual(['bad_message']);
    // Of a type that nobody knows it goes on as it came.
    server.advertiseService('/own', 'x/Own', (args) => ({ args }));
    expect((await caller.call('/own', [1, 'a'])).values).toEqual({ args: [1, 'a'] });
  });

  it('is called whatever type the call names, and who asked for status is told that it is another', async () => {
    plays('server', 'call.type');
    covers('server', 'call_service.type', 'raw');
    const { server, client } = await serve();
    let stops = 0;
    server.advertiseService('/stop', 'std_srvs/Trigger', () => ({ success: true, message: `${++stops}` }));
    const c = await client();
    c.send({ op: 'set_level', level: 'warning' });
    for (const type of ['std_srvs/srv/Trigger', 'std_srvs/Trigger', '', 7, 'std_srvs/Empty'])
      expect((await c.call('/stop', {}, { type })).result).toBe(true);
    expect(stops).toBe(5);
    expect(c.received.filter((m) => m.op === 'status').map((m) => m.msg)).toEqual([
      'Service /stop is std_srvs/srv/Trigger, not std_srvs/Empty; called all the same',
    ]);
    expect(server.counters.malformed).toBe(0);
  });

  it('that is silent is answered for after the timeout of the call; its late answer goes nowhere', async () => {
    covers('server', 'call_service.timeout', 'raw');
    const { server, provider, caller } = await rooms();
    expect(await caller.call('/gripper', {}, { timeout: 0.02 })).toMatchObject({
      result: false,
      values: 'Service /gripper did not answer within 20 ms',
    });
    const { id } = await asked(provider);
    provider.send({ op: 'service_response', id, service: '/gripper', values: {}, result: true });
    await provider.settled();
    expect(server.counters.refused.unknown_name).toBe(1);
    expect(caller.received.filter((m) => m.op === 'service_response')).toHaveLength(1);
  });

  it('fails its calls when it is taken back, and when its client leaves', async () => {
    covers('server', ['unadvertise_service', 'service_response.failure'], 'raw');
    const { server, provider, caller } = await rooms();
    const first = caller.call('/gripper');
    await asked(provider);
    provider.send({ op: 'unadvertise_service', service: '/gripper' });
    expect(await first).toMatchObject({ result: false, values: 'Service /gripper was unadvertised' });
    expect(await caller.call('/gripper')).toMatchObject({ values: 'Service /gripper does not exist' });
    provider.send(offer('/gripper'));
    await provider.settled();
    const second = caller.call('/gripper');
    await asked(provider, 2);
    provider.close();
    expect(await second).toMatchObject({ result: false, values: 'the client that offers the service has left' });
    while (server.clients.length > 1) await caller.settled();
    expect(await caller.call('/gripper')).toMatchObject({ values: 'Service /gripper does not exist' });
  });

  it('cannot be answered by a client that was not asked', async () => {
    covers('server', 'service_response', 'hostile');
    const { server, provider, caller, client } = await rooms();
    const liar = await client();
    const answer = caller.call('/gripper');
    const { id } = await asked(provider);
    liar.send({ op: 'service_response', id, service: '/gripper', values: { success: false }, result: true });
    await liar.settled();
    provider.send({ op: 'service_response', id, service: '/gripper', values: { success: true }, result: true });
    expect((await answer).values).toEqual({ success: true });
    expect(server.counters.refused.unknown_name).toBe(1);
  });

  it('takes the place of none that is there: not of ours, not of another client', async () => {
    covers('server', 'advertise_service', 'hostile');
    const { server, caller } = await rooms();
    server.advertiseService('/stop', 'std_srvs/Trigger', () => ({ success: true, message: 'ours' }));
    caller.send(offer('/stop'), offer('/rosapi/topics'), offer('/gripper'));
    await caller.settled();
    expect(server.counters.refused.type_conflict).toBe(3);
    expect((await caller.call('/stop')).values).toEqual({ success: true, message: 'ours' });
  });

  it('is known by the name that its client gave it, slash or not', async () => {
    const { provider, caller } = await rooms();
    provider.send(offer('arm'));
    await provider.settled();
    const answer = caller.call('/arm');
    const request = await provider.until((m) => m.op === 'call_service' && m.service === 'arm');
    provider.send({ op: 'service_response', id: request.id, service: 'arm', values: {}, result: true });
    expect((await answer).result).toBe(true);
  });
});
