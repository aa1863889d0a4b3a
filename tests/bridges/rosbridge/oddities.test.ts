import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { plays } from '../../interop/played.ts';
import { client, encoder, type Made, nothingOldIsSent, StandIn } from './robot-stand-in.ts';

/** What servers do that has no place in hostile.test.ts: odd, and mostly no fault. */
let standIn: StandIn;
let made: Made;
beforeEach(async () => {
  standIn = await StandIn.open();
});
afterEach(async () => {
  await nothingOldIsSent(made, standIn);
  await made.bridge.close();
  await standIn.close();
});

describe('a server', () => {
  it('that answers calls in another order than they were made is matched by id', async () => {
    plays('client', 'answer.order');
    made = client(standIn.url, {}, { encoder: encoder() });
    await made.bridge.open();
    const calls = [1, 2, 3].map((n) => made.bridge.call('/slow', TYPES.trigger, { n }, 1e8));
    await standIn.until(() => standIn.of('call_service').length === 3);
    for (const { id, args } of standIn.of('call_service').reverse())
      standIn.socket('call_service').send(JSON.stringify({ op: 'service_response', id, values: args, result: true }));
    expect(await Promise.all(calls)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect([made.errors, made.bridge.counters.unexpected]).toEqual([[], 0]);
  });
});
