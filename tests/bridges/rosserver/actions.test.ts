import { describe, expect, it } from 'vitest';
import { textOfPng } from '../../../bridges/messages/png.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import type { RawClient, Received } from './raw-client.ts';
import { serve } from './serving.ts';

const ACTION = '/fibonacci';
const TYPE = 'example_interfaces/action/Fibonacci';
const [SUCCEEDED, CANCELED, ABORTED] = [4, 5, 6];

async function rooms() {
  const { server, client, logged } = await serve();
  const [provider, sender] = [await client(), await client()];
  provider.send({ op: 'advertise_action', action: ACTION, type: 'example_interfaces/Fibonacci' });
  await provider.settled();
  const goal = (id: string, more: object = {}) =>
    sender.send({ op: 'send_action_goal', id, action: ACTION, action_type: TYPE, args: { order: 3 }, ...more });
  return { server, provider, sender, client, goal, logged };
}
const taken = (provider: RawClient, n = 1) =>
  provider.until((m) => m.op === 'send_action_goal' && m.id === `action_goal:${ACTION}:${n}`);
const result = (of: RawClient, id: string) => of.until((m) => m.op === 'action_result' && m.id === id);
const end = ({ id }: Received, more: object) => ({ op: 'action_result', id, action: ACTION, ...more });

describe('an action that a client offers', () => {
  it('gets the goal of another client, whose feedback and result come back under its own id', async () => {
    covers('server', ['advertise_action', 'send_action_goal', 'send_action_goal.feedback'], 'raw');
    covers('server', ['action_feedback', 'action_result', 'send_action_goal.args'], 'raw');
    const { provider, sender, goal } = await rooms();
    goal('g1', { feedback: true });
    const request = await taken(provider);
    expect(request).toEqual({
      op: 'send_action_goal',
      id: `action_goal:${ACTION}:1`,
      action: ACTION,
      action_type: TYPE,
      args: { order: 3 },
      feedback: true,
    });
    provider.send({ op: 'action_feedback', id: request.id, action: ACTION, values: { sequence: [0, 1] } });
    provider.send(end(request, { values: { sequence: [0, 1, 1] }, status: SUCCEEDED, result: true }));
    expect(await result(sender, 'g1')).toEqual({
      op: 'action_result',
      id: 'g1',
      action: ACTION,
      values: { sequence: [0, 1, 1] },
      status: SUCCEEDED,
      result: true,
    });
    expect(sender.received.find((m) => m.op === 'action_feedback')).toEqual({
      op: 'action_feedback',
      id: 'g1',
      action: ACTION,
      values: { sequence: [0, 1] },
    });
  });

  it('takes a goal of its own type in either spelling, or of none, and of no other', async () => {
    covers('server', 'send_action_goal.action_type', 'raw', 'hostile');
    const { server, provider, sender, goal } = await rooms();
    goal('long');
    goal('short', { action_type: 'example_interfaces/Fibonacci' });
    goal('none', { action_type: undefined });
    for (const n of [1, 2, 3]) expect(await taken(provider, n)).toMatchObject({ action_type: TYPE });
    goal('other', { action_type: 'example_interfaces/action/Other' });
    expect(await result(sender, 'other')).toMatchObject({
      ...{ result: false, status: 0, values: `Action ${ACTION} is ${TYPE}, not example_interfaces/action/Other` },
    });
    expect(server.counters.refused.type_conflict).toBe(1);
  });

  it('has its status passed on; one that is left out, or is none, is unknown or aborted', async () => {
    plays('server', 'goal.status');
    covers('server', ['action_result.status', 'action_result.failure'], 'raw');
    const { provider, sender, goal } = await rooms();
    const ends: [more: object, status: number][] = [
      [{ result: true, status: SUCCEEDED }, SUCCEEDED],
      [{ result: true, status: CANCELED }, CANCELED],
      [{ result: false, status: ABORTED, values: 'it slipped' }, ABORTED],
      [{ result: true }, 0],
      [{ result: false }, ABORTED],
      [{ result: true, status: 7 }, 0],
      [{ result: false, status: 'bad' }, ABORTED],
    ];
    for (const [i, [more, status]] of ends.entries()) {
      goal(`g${i}`);
      provider.send(end(await taken(provider, i + 1), more));
      expect(await result(sender, `g${i}`)).toMatchObject({ ...more, status });
    }
    expect((await result(sender, 'g2')).values).toBe('it slipped');
  });

  it('answers a goal in fragments, in a picture or in CBOR, feedback and result, where its sender asks for that', async () => {
    covers('server', ['send_action_goal.fragment_size', 'send_action_goal.compression.png'], 'raw');
    covers('server', 'send_action_goal.compression.cbor', 'raw');
    const { provider, sender, goal } = await rooms();
    const sequence = Array.from({ length: 60 }, (_, i) => i);
    const answered = async (n: number, how: object) => {
      goal(`g${n}`, { feedback: true, ...how });
      const { id } = await taken(provider, n);
      provider.send({ op: 'action_feedback', id, action: ACTION, values: { sequence } });
      provider.send({ op: 'action_result', id, action: ACTION, values: { sequence }, status: SUCCEEDED, result: true });
      await provider.settled();
      await sender.settled();
      return sender.received.splice(0).filter((m) => m.op !== 'service_response');
    };
    const wanted = (id: string, values: unknown) => [
      { op: 'action_feedback', id, action: ACTION, values },
      { op: 'action_result', id, action: ACTION, values, status: SUCCEEDED, result: true },
    ];
    const parts = await answered(1, { fragment_size: 70 });
    expect(parts.every((m) => m.op === 'fragment' && String(m.data).length <= 70)).toBe(true);
    const ids = [...new Set(parts.map((m) => m.id))];
    const texts = ids.map((id) => parts.flatMap((m) => (m.id === id ? [m.data] : [])).join(''));
    expect(texts.map((text) => JSON.parse(text))).toEqual(wanted('g1', { sequence }));
    const pictures = await answered(2, { compression: 'png' });
    expect(pictures.map((m) => m.op)).toEqual(['png', 'png']);
    const within = pictures.map((m) => JSON.parse(textOfPng(Buffer.from(String(m.data), 'base64'), 10_000)));
    expect(within).toEqual(wanted('g2', { sequence }));
    expect(await answered(3, { compression: 'cbor' })).toEqual(wanted('g3', { sequence }));
  });

  it('refuses a goal whose answer is to be in what answers are not in', async () => {
    covers('server', ['send_action_goal.compression.cbor', 'send_action_goal.fragment_size'], 'hostile');
    const { server, provider, sender, goal } = await rooms();
    goal('raw', { compression: 'cbor-raw' });
    goal('small', { fragment_size: 3 });
    expect((await result(sender, 'raw')).values).toBe('compression cbor-raw; allowed: none, png, cbor');
    expect((await result(sender, 'small')).values).toBe('fragment_size 3; allowed: 10 and more, or none');
    await provider.settled();
    expect(server.counters.refused.bad_field).toBe(2);
    expect(provider.received.filter((m) => m.op === 'send_action_goal')).toEqual([]);
  });

  it('sends no feedback to who has not asked for it', async () => {
    covers('server', 'send_action_goal.feedback', 'raw');
    const { provider, sender, goal } = await rooms();
    goal('g1');
    const request = await taken(provider);
    provider.send({ op: 'action_feedback', id: request.id, action: ACTION, values: {} });
    provider.send(end(request, { status: ABORTED, result: false }));
    expect(await result(sender, 'g1')).toMatchObject({ status: ABORTED, result: false, values: 'the action failed' });
    expect(sender.received.filter((m) => m.op === 'action_feedback')).toEqual([]);
  });

  it('is told to cancel by the sender of the goal, one or all, and by nobody else', async () => {
    covers('server', 'cancel_action_goal', 'raw', 'hostile');
    const { server, provider, sender, client, goal } = await rooms();
    goal('g1');
    const request = await taken(provider);
    const stranger = await client();
    stranger.send({ op: 'cancel_action_goal', id: 'g1', action: ACTION });
    await stranger.settled();
    expect(server.counters.refused.unknown_name).toBe(1);
    sender.send({ op: 'cancel_action_goal', id: 'g1', action: ACTION });
    const cancel = await provider.until((m) => m.op === 'cancel_action_goal');
    expect(cancel).toEqual({ op: 'cancel_action_goal', id: request.id, action: ACTION });
    provider.send(end(request, { values: {}, status: CANCELED, result: true }));
    expect(await result(sender, 'g1')).toMatchObject({ status: CANCELED, result: true });
    goal('g2');
    const second = await taken(provider, 2);
    expect(await sender.call(`${ACTION}/_action/cancel_goal`)).toMatchObject({ values: { return_code: 0 } });
    await provider.until((m) => m.op === 'cancel_action_goal' && m.id === second.id);
  });

  it('that is taken back, or whose client leaves, ends its goals', async () => {
    covers('server', 'unadvertise_action', 'raw');
    const { provider, sender, goal } = await rooms();
    goal('g1');
    await taken(provider);
    provider.send({ op: 'unadvertise_action', action: ACTION });
    expect(await result(sender, 'g1')).toMatchObject({ result: false, status: ABORTED });
    provider.send({ op: 'advertise_action', action: ACTION, type: TYPE });
    await provider.settled();
    goal('g2');
    await taken(provider, 2);
    provider.close();
    expect(await result(sender, 'g2')).toMatchObject({ values: 'the client that carried it out has left' });
  });

  it('is told to cancel what a client that left had asked for', async () => {
    covers('server', 'cancel_action_goal', 'raw');
    const { provider, sender, goal } = await rooms();
    goal('g1');
    const request = await taken(provider);
    sender.close();
    expect((await provider.until((m) => m.op === 'cancel_action_goal')).id).toBe(request.id);
  });

  it('refuses goals that cannot be: no such action, another type, an id that is in use, too many', async () => {
    plays('server', 'goal.broken');
    covers('server', 'send_action_goal', 'hostile');
    const { server, provider, sender, goal, logged } = await rooms();
    sender.send({ op: 'send_action_goal', id: 'a', action: '/none', action_type: TYPE });
    goal('b', { action_type: 'other/Type' });
    goal('c');
    goal('c');
    for (let i = 0; i < 32; i++) goal(`d${i}`);
    expect((await result(sender, 'a')).values).toBe('Action /none does not exist');
    expect((await result(sender, 'b')).values).toBe(`Action ${ACTION} is ${TYPE}, not other/Type`);
    expect((await result(sender, 'c')).values).toBe('a goal with id c is under way');
    expect((await result(sender, 'd31')).values).toBe('no more than 32 goals under way');
    await sender.settled();
    expect(server.counters.malformed).toBe(4);
    expect(server.counters.refused).toMatchObject({ unknown_name: 1, type_conflict: 1, bad_field: 1, limit: 1 });
    expect(logged.sort()).toEqual(['bad_field', 'limit', 'type_conflict', 'unknown_name']);
    await provider.settled();
    expect(provider.received.filter((m) => m.op === 'send_action_goal')).toHaveLength(32);
  });

  it('cannot be ended by a client that does not carry it out', async () => {
    covers('server', ['action_result', 'action_feedback', 'advertise_action'], 'hostile');
    const { server, provider, sender, client, goal } = await rooms();
    goal('g1');
    const request = await taken(provider);
    const liar = await client();
    liar.send(end(request, { values: {}, status: SUCCEEDED, result: true }));
    liar.send({ op: 'action_feedback', id: request.id, action: ACTION, values: {} });
    liar.send({ op: 'advertise_action', action: ACTION, type: TYPE }, { op: 'unadvertise_action', action: ACTION });
    await liar.settled();
    expect(server.counters.malformed).toBe(4);
    provider.send(end(request, { values: { ok: 1 }, status: SUCCEEDED, result: true }));
    expect((await result(sender, 'g1')).values).toEqual({ ok: 1 });
  });
});
