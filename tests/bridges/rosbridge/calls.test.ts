import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { COMMAND, client, encoder, type Made, nothingOldIsSent, StandIn, until, untilSent } from './robot-stand-in.ts';

let server: RosServer;
let made: Made;

beforeEach(async () => {
  server = new RosServer({ port: 0, clock: new MonotonicClock() });
  const { port } = await server.listen();
  made = client(`ws://127.0.0.1:${port}`, {}, { encoder: encoder() });
  await made.bridge.open();
});
afterEach(async () => {
  await made.bridge.close();
  await server.close();
});

const call = (service: string, timeoutMs = 10_000, args: unknown = {}) =>
  made.bridge.call(service, TYPES.trigger, args, timeoutMs);

describe('a service call', () => {
  it('is answered, also when several are under way and the last is answered first', async () => {
    covers('client', ['call_service', 'call_service.args', 'service_response', 'id'], 'raw');
    const answer: (() => void)[] = [];
    server.advertiseService('/later', TYPES.trigger, (args) => {
      return new Promise((resolve) => answer.push(() => resolve({ success: true, message: JSON.stringify(args) })));
    });
    const calls = [1, 2, 3].map((n) => call('/later', 10_000, { n }));
    await until(() => answer.length === 3);
    for (const go of answer.reverse()) go();
    const messages = (await Promise.all(calls)).map((r) => (r as { message: string }).message);
    expect(messages).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
  });

  it('that fails is rejected with the words of the service', async () => {
    covers('client', 'service_response.failure', 'raw');
    server.advertiseService('/broken', TYPES.trigger, () => {
      throw new Error('the gripper is away');
    });
    await expect(call('/broken')).rejects.toMatchObject({
      code: 'RA_SERVICE_FAILED',
      seen: 'service /broken: the gripper is away',
    });
    await expect(call('/absent')).rejects.toMatchObject({ seen: 'service /absent: Service /absent does not exist' });
  });

  it('that is not answered is rejected after its time, and a late answer does no harm', async () => {
    let late = () => {};
    server.advertiseService('/silent', TYPES.trigger, () => new Promise((resolve) => (late = () => resolve({}))));
    server.advertiseService('/quick', TYPES.trigger, () => ({ success: true }));
    await expect(call('/silent', 30)).rejects.toMatchObject({
      code: 'RA_SERVICE_TIMEOUT',
      seen: expect.stringContaining('/silent'),
    });
    late();
    expect(await call('/quick')).toEqual({ success: true });
  });

  it('under way when the link closes is rejected at once', async () => {
    let reached = false;
    server.advertiseService('/silent', TYPES.trigger, () => {
      reached = true;
      return new Promise(() => {});
    });
    const pending = call('/silent', 1e8);
    await until(() => reached);
    await server.close();
    await expect(pending).rejects.toMatchObject({
      code: 'RA_SERVICE_FAILED',
      seen: 'service /silent: the link closed: closed by the server (1006)',
    });
  });

  it('is rejected when we close, and after', async () => {
    server.advertiseService('/silent', TYPES.trigger, () => new Promise(() => {}));
    const pending = call('/silent', 1e8);
    const rejected = expect(pending).rejects.toMatchObject({ seen: 'service /silent: the bridge was closed' });
    await made.bridge.close();
    await rejected;
    await expect(call('/silent')).rejects.toMatchObject({ seen: 'service /silent: the bridge was closed' });
  });

  it('that finds no server says why', async () => {
    await server.close();
    await expect(call('/any', 60)).rejects.toMatchObject({
      code: 'RA_SERVICE_TIMEOUT',
      seen: expect.stringContaining('no connection (connect ECONNREFUSED'),
    });
  });

  it('beyond the 32nd unanswered one fails at once', async () => {
    server.advertiseService('/silent', TYPES.trigger, () => new Promise(() => {}));
    const pending = Array.from({ length: 32 }, () => call('/silent', 1e8).catch((error: Error) => error.message));
    await expect(call('/silent', 1e8)).rejects.toMatchObject({ seen: 'service /silent: 32 calls are unanswered' });
    await made.bridge.close();
    expect(await Promise.all(pending)).toHaveLength(32);
  });
});

describe('services', () => {
  it('have a connection of their own, so that a server stuck in one still takes commands', async () => {
    plays('client', 'answer.blocks');
    const standIn = await StandIn.open();
    const slow = client(standIn.url, {}, { encoder: encoder() });
    await slow.bridge.open();
    await untilSent(slow.bridge, 1);
    const pending = slow.bridge.call('/slow', TYPES.trigger, {}, 1e8).catch((error: Error) => error.message);
    await standIn.until(() => standIn.of('call_service').length > 0);
    expect(standIn.sockets).toHaveLength(2);
    // As rosbridge does: the thread that reads this connection is busy with the call.
    standIn.sockets[1]!.pause();
    await untilSent(slow.bridge, 2);
    await standIn.until(() => standIn.of('publish').length === 2);
    expect(standIn.of('publish').map((o) => [o.topic, (o.msg as { seq: number }).seq])).toEqual([
      [COMMAND, 1],
      [COMMAND, 2],
    ]);
    await nothingOldIsSent(slow, standIn);
    await slow.bridge.close();
    expect(await pending).toContain('the bridge was closed');
    await standIn.close();
  });

  it('of ROS 1 are called by their ROS 1 type, and the times in their answers are respelt', async () => {
    covers('client', 'call_service.type', 'raw');
    const standIn = await StandIn.open();
    const ros1 = client(standIn.url, { ros_version: 1 });
    await ros1.bridge.open();
    const answered = ros1.bridge.call('/when', TYPES.trigger, { at: { sec: 1, nanosec: 2 } }, 1e8);
    await standIn.until(() => standIn.operations.length > 0);
    const [asked] = standIn.of('call_service');
    expect(asked).toMatchObject({ service: '/when', type: 'std_srvs/Trigger', args: { at: { secs: 1, nsecs: 2 } } });
    standIn.say({ op: 'service_response', id: asked!.id, values: { time: { secs: 3, nsecs: 4 } }, result: true });
    expect(await answered).toEqual({ time: { sec: 3, nanosec: 4 } });
    await ros1.bridge.close();
    await standIn.close();
  });
});
