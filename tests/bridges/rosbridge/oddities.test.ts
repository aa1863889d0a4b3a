import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { pngOfText } from '../../../bridges/messages/png.ts';
import type { SensorFrame } from '../../../src/core/signals.ts';
import { plays } from '../../interop/played.ts';
import { breakProtocol } from '../serving/break-protocol.ts';
import { fragments } from './encode.ts';
import { client, encoder, type Made, nothingOldIsSent, StandIn, until } from './robot-stand-in.ts';

/** What servers do that has no place in hostile.test.ts: odd, and mostly no fault. */
let standIn: StandIn;
let made: Made;
let frames: SensorFrame[];
beforeEach(async () => {
  standIn = await StandIn.open();
});
afterEach(async () => {
  await nothingOldIsSent(made, standIn);
  await made.bridge.close();
  await standIn.close();
});

const BYTES = 'sensor_msgs/msg/CompressedImage';
const topics = [
  { topic: '/joint_states', type: TYPES.jointState },
  { topic: '/camera', type: BYTES, how: { bulky: false } },
];
async function connect(config: Parameters<typeof client>[1] = {}): Promise<void> {
  made = client(standIn.url, config, { topics, encoder: encoder() });
  frames = [];
  made.bridge.frames$.subscribe((frame) => frames.push(frame));
  await made.bridge.open();
  await standIn.until(() => standIn.of('subscribe').length === topics.length);
}
const header = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'base' };
const joints = (position = 1) => ({ header, name: ['a'], position: [position], velocity: [2], effort: [3] });
const publish = (msg: unknown, topic = '/joint_states') => ({ op: 'publish', topic, msg });
const heard = (count: number) => until(() => frames.length === count);
const codes = () => made.errors.map((e) => e.code);

describe('a server', () => {
  it('that answers calls in another order than they were made is matched by id', async () => {
    plays('client', 'answer.order');
    await connect();
    const calls = [1, 2, 3].map((n) => made.bridge.call('/slow', TYPES.trigger, { n }, 1e8));
    await standIn.until(() => standIn.of('call_service').length === 3);
    for (const { id, args } of standIn.of('call_service').reverse())
      standIn.socket('call_service').send(JSON.stringify({ op: 'service_response', id, values: args, result: true }));
    expect(await Promise.all(calls)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect([made.errors, made.bridge.counters.unexpected]).toEqual([[], 0]);
  });

  it('that says that a call failed, or nothing that is a result, fails that call and no other, each counted', async () => {
    plays('client', 'answer.failed');
    await connect();
    const answers = [
      { result: false, values: 'the gripper is away' },
      { result: true, values: { success: true } },
      { values: { success: true } },
      { result: 'true', values: 'yes' },
      { result: 1 },
    ];
    const calls = answers.map((_, n) =>
      made.bridge
        .call('/odd', TYPES.trigger, { n }, 1e8)
        .catch((e: { code: string; seen: string }) => `${e.code} ${e.seen}`),
    );
    await standIn.until(() => standIn.of('call_service').length === answers.length);
    for (const [n, { id }] of standIn.of('call_service').entries())
      standIn.socket('call_service').send(JSON.stringify({ op: 'service_response', id, ...answers[n] }));
    expect(await Promise.all(calls)).toEqual([
      'RA_SERVICE_FAILED service /odd: the gripper is away',
      { success: true },
      'RA_SERVICE_FAILED service /odd: {"success":true}',
      'RA_SERVICE_FAILED service /odd: yes',
      'RA_SERVICE_FAILED service /odd: "no reason"',
    ]);
    expect(made.bridge.counters).toMatchObject({ callsFailed: 4, unexpected: 0, malformed: 0 });
  });

  it('that never sends one of the fragments has the message given up, and nothing of it gets into the next one', async () => {
    plays('client', 'fragment.missing');
    // Looks at what has come in part go with the pings: two of them, 2 s apart, are more than a second.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      await connect({ ping_ms: 2000 });
      const old = fragments(JSON.stringify(publish(joints(1))), 60);
      standIn.tell(...old.slice(1), publish(joints(2)));
      await heard(1);
      for (let looks = 0; looks < 2; looks++) vi.advanceTimersByTime(2000);
      expect(made.bridge.counters.malformed).toBe(1);
      expect(codes()).toEqual(['RA_MESSAGE_MALFORMED']);
      expect(made.errors[0]!.seen).toContain(`${old.length - 1} of ${old.length} fragments, and then no more`);
      // Of the same length: with the old parts, its first one would make a whole.
      const [first, ...rest] = fragments(JSON.stringify(publish(joints(3))), 60);
      standIn.tell(first, publish(joints(4)), ...rest);
      await heard(3);
      expect(frames.map((f) => (f.message as { position: number[] }).position[0])).toEqual([2, 4, 3]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('that breaks the websocket protocol loses the connection, which is told and made anew', async () => {
    plays('client', 'frame.protocol');
    await connect();
    breakProtocol(standIn.socket('subscribe'), false);
    await until(() => made.links.length > 3);
    expect(made.links.map((l) => l.reason)).toEqual([
      'not yet connected',
      '',
      expect.stringMatching(/^Invalid WebSocket frame: invalid opcode/),
      '',
    ]);
    expect(made.bridge.counters).toMatchObject({ lost: 1, reconnects: 1 });
  });

  it('that sends a picture which swells to megabytes has it dropped before it is unpacked', async () => {
    plays('client', 'frame.bomb');
    await connect({ max_message_bytes: 100_000 });
    const bomb = pngOfText('x'.repeat(5_000_000));
    // It says that it is small.
    bomb.writeUInt32BE(10, 16);
    bomb.writeUInt32BE(10, 20);
    const frame = { op: 'png', data: bomb.toString('base64') };
    expect(JSON.stringify(frame).length).toBeLessThan(100_000);
    standIn.tell(frame, frame, publish(joints()));
    await heard(1);
    expect(made.bridge.counters.malformed).toBe(2);
    expect(codes()).toEqual(['RA_MESSAGE_MALFORMED']);
  });

  it('that escapes its slashes, writes whole floats as 1.0 and stamps as {sec, nsec} is read', async () => {
    plays('client', 'frame.escaped');
    await connect();
    standIn.tell(
      String.raw`{"op":"publish","topic":"\/joint_states","msg":{"header":{"stamp":{"sec":1,"nsec":2},"frame_id":"base"},` +
        '"name":["a"],"position":[1.0],"velocity":[2.0],"effort":[3.0]}}',
    );
    await heard(1);
    expect(frames[0]!.message).toEqual(joints());
    expect([made.errors, made.bridge.counters.malformed]).toEqual([[], 0]);
  });

  it('that sends bytes in base64, and some that is none, has the first read and the other dropped', async () => {
    plays('client', 'message.bytes');
    await connect();
    const image = (data: unknown) => publish({ header, format: 'jpeg', data }, '/camera');
    standIn.tell(image('AQL/'), image('no base64!'), image('no base64!'), image([1, 256]), image([1, 2, 255]));
    await heard(2);
    expect(frames.map((f) => [...(f.message as { data: Uint8Array }).data])).toEqual([
      [1, 2, 255],
      [1, 2, 255],
    ]);
    expect(made.bridge.counters.malformed).toBe(3);
    expect(codes()).toEqual(['RA_MESSAGE_MALFORMED']);
  });

  it('that sends a latched message twice has each passed on: their stamps say that they are one', async () => {
    plays('client', 'message.twice');
    await connect();
    standIn.tell(publish(joints()), publish(joints()));
    await heard(2);
    expect(frames[0]!.message).toEqual(frames[1]!.message);
    expect([made.errors, made.bridge.counters.malformed]).toEqual([[], 0]);
  });

  it('that takes us and drops us again and again is tried ever more slowly, each time counted, and no command waits for it', async () => {
    plays('client', 'link.dropped');
    let dropping = true;
    standIn.answer = ({ op }, socket) => {
      if (op === 'advertise' && dropping) socket.terminate();
      return undefined;
    };
    made = client(standIn.url, { backoff_ms: [2, 1000] }, { encoder: encoder() });
    await made.bridge.open();
    await until(() => made.bridge.counters.lost >= 4);
    dropping = false;
    const { lost } = made.bridge.counters;
    expect(standIn.of('publish')).toEqual([]);
    await nothingOldIsSent(made, standIn);
    expect(made.bridge.counters).toMatchObject({ lost, reconnects: lost });
    expect(made.links.filter((l) => l.up)).toHaveLength(lost + 1);
  });

  it.each<[string, () => Server | ReturnType<typeof createTcpServer>]>([
    ['a web page', () => createServer((_request, response) => response.end('<html>'))],
    [
      'an answer that is no HTTP',
      () =>
        createTcpServer((socket) =>
          socket
            .on('error', () => {})
            .resume()
            .end('220 ready\r\n'),
        ),
    ],
    ['the end of the connection', () => createTcpServer((socket) => socket.on('error', () => {}).destroy())],
  ])(
    'that answers a handshake with %s is tried for ever, said once, and had when it is a bridge',
    async (_what, make) => {
      plays('client', { 'link.http': 'a web page' });
      const other = make();
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      made = client(`ws://127.0.0.1:${port}`, {}, { encoder: encoder() });
      let tries = 0;
      other.on('connection', () => tries++);
      const opened = made.bridge.open();
      await until(() => tries > 4);
      expect(codes()).toEqual(['RA_BRIDGE_UNREACHABLE']);
      expect(made.bridge.counters).toMatchObject({ reconnects: 0, lost: 0 });
      expect(made.bridge.counters.unreached).toBeGreaterThan(2);
      other.close();
      if ('closeAllConnections' in other) other.closeAllConnections();
      await once(other, 'close');
      await standIn.close();
      standIn = await StandIn.open({ port });
      await opened;
    },
  );
});
