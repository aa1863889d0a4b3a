import { afterEach, describe, expect, it, vi } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import type { RosbridgeClient } from '../../../bridges/rosbridge/client.ts';
import { Connection } from '../../../bridges/rosbridge/connection.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock, VirtualClock } from '../../../src/core/clock.ts';
import type { SensorFrame } from '../../../src/core/signals.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { action, COMMAND, client, encoder, nothingOldIsSent, StandIn, until, untilSent } from './robot-stand-in.ts';

const ends: (() => Promise<void>)[] = [];
const closing = <T extends { close(): Promise<void> }>(thing: T): T => {
  ends.push(() => thing.close());
  return thing;
};
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(port = 0): Promise<{ server: RosServer; port: number; url: string; commands: number[] }> {
  const server = closing(new RosServer({ port, clock: new MonotonicClock() }));
  const commands: number[] = [];
  server.onPublish(COMMAND, TYPES.equilibriumCommand, (m) => commands.push((m as { seq: number }).seq));
  const at = await server.listen();
  return { server, port: at.port, url: `ws://127.0.0.1:${at.port}`, commands };
}

const clockTopic = [{ topic: '/clock', type: TYPES.clock }];
const tick = (sec: number) => ({ clock: { sec, nanosec: 0 } });
function framesOf(bridge: RosbridgeClient): SensorFrame[] {
  const frames: SensorFrame[] = [];
  bridge.frames$.subscribe((frame) => frames.push(frame));
  return frames;
}
/** Publishes until the client is seen to be subscribed. */
async function heard(server: RosServer, frames: SensorFrame[], sec: number): Promise<void> {
  const before = frames.length;
  await until(() => {
    if (frames.length === before) server.publish('/clock', TYPES.clock, tick(sec));
    return frames.length > before;
  });
}

describe('the link', () => {
  it('comes up at the first connection with epoch 1, and goes down when we close', async () => {
    const { url } = await serve();
    const { bridge, links } = client(url);
    await bridge.open();
    await bridge.close();
    expect(links.map(({ up, epoch, reason }) => [up, epoch, reason])).toEqual([
      [false, 0, 'not yet connected'],
      [true, 1, ''],
      [false, 1, 'closed by us'],
    ]);
  });

  it('after a restart of the server has epoch 2, and everything is subscribed and advertised again', async () => {
    covers('client', ['reconnect', 'advertise', 'publish', 'subscribe', 'clock'], 'raw');
    const first = await serve();
    const { bridge, links } = client(first.url, {}, { topics: clockTopic, encoder: encoder() });
    closing(bridge);
    const frames = framesOf(bridge);
    await bridge.open();
    await heard(first.server, frames, 1);
    await untilSent(bridge, 1);
    await first.server.close();
    await until(() => links.at(-1)!.up === false);

    const second = await serve(first.port);
    await until(() => links.at(-1)!.up);
    await heard(second.server, frames, 2);
    await untilSent(bridge, 2);
    await until(() => second.commands.length > 0);
    expect(second.commands).toEqual([2]);
    expect(links.map(({ up, epoch }) => [up, epoch])).toEqual([
      [false, 0],
      [true, 1],
      [false, 1],
      [true, 2],
    ]);
    expect([frames[0], frames.at(-1)].map((f) => [f!.message, f!.linkEpoch])).toEqual([
      [tick(1), 1],
      [tick(2), 2],
    ]);
    expect(bridge.counters.reconnects).toBe(1);
  });

  it('does not let one of 50 commands made while it was down arrive after it is back', async () => {
    plays('client', 'link.restart');
    const first = await serve();
    const { bridge, links } = client(first.url, {}, { encoder: encoder() });
    closing(bridge);
    await bridge.open();
    await untilSent(bridge, 0);
    await first.server.close();
    await until(() => !links.at(-1)!.up);
    const { commandsRefused } = bridge.counters;
    for (let seq = 1; seq <= 50; seq++)
      expect(bridge.send(action(seq))).toMatchObject({ sent: false, refused: 'not_connected', seq });
    expect(bridge.counters.commandsRefused - commandsRefused).toBe(50);

    const second = await serve(first.port);
    await untilSent(bridge, 51);
    await until(() => second.commands.length > 0);
    // What would have been replayed comes before 51 on the same socket.
    expect(second.commands).toEqual([51]);
  });

  it('is tried again for ever, says so at once and then every 10 s, and `open` resolves when a server is there', async () => {
    plays('client', 'link.away');
    const gone = await serve();
    await gone.server.close();
    const clock = new VirtualClock();
    const made = client(gone.url, {}, { clock, encoder: encoder() });
    const { errors } = made;
    const bridge = closing(made.bridge);
    const attempts = vi.spyOn(Connection.prototype, 'connect');
    let opened = false;
    void bridge.open().then(() => {
      opened = true;
    });
    const fiveMore = async () => {
      const before = attempts.mock.calls.length;
      await until(() => attempts.mock.calls.length > before + 5);
    };
    await fiveMore();
    expect(errors.map((e) => e.code)).toEqual(['RA_BRIDGE_UNREACHABLE']);
    expect(errors[0]!.seen).toBe(`${gone.url}: connect ECONNREFUSED 127.0.0.1:${gone.port}`);
    clock.advance(9.9e9);
    await fiveMore();
    expect(errors).toHaveLength(1);
    clock.advance(0.2e9);
    await fiveMore();
    expect(errors).toHaveLength(2);
    expect(opened).toBe(false);
    // Every attempt that has ended, of the one that may be under way nothing is known.
    expect(bridge.counters.unreached).toBeGreaterThanOrEqual(15);
    const standIn = closing(await StandIn.open({ port: gone.port }));
    await until(() => opened);
    attempts.mockRestore();
    await nothingOldIsSent(made, standIn);
  });

  it('resolves `open` also when it is closed before it ever came up', async () => {
    const gone = await serve();
    await gone.server.close();
    const { bridge } = client(gone.url);
    const opened = bridge.open();
    await bridge.close();
    await opened;
    expect(bridge.link$.value.up).toBe(false);
  });

  it.each([
    [1, [3, 6, 12, 17, 17]],
    [0.5, [1.5, 3, 6, 8.5, 8.5]],
  ])(
    'waits before each attempt, twice as long each time up to the cap, times a chance of %d',
    async (chance, waits) => {
      const gone = await serve();
      await gone.server.close();
      const timers = vi.spyOn(globalThis, 'setTimeout');
      const failures: string[] = [];
      const asked: [number, number][] = [];
      const connection = new Connection({
        url: gone.url,
        maxMessageBytes: 1000,
        pingMs: 1000,
        backoffMs: [3, 17],
        random: {
          range: (lo: number, hi: number) => {
            asked.push([lo, hi]);
            return chance;
          },
        } as never,
        onMalformed: () => {},
        onUnexpected: () => {},
        isExact: () => false,
        handshake: {},
        onUp: () => {},
        onDown: () => {},
        onFailed: (reason) => failures.push(reason),
      });
      connection.connect();
      await until(() => failures.length >= 6);
      connection.close();
      const waited = timers.mock.calls.map(([, ms]) => ms).filter((ms) => [...waits, 17, 8.5].includes(ms ?? 0));
      timers.mockRestore();
      expect(waited.slice(0, 5)).toEqual(waits);
      expect(asked[0]).toEqual([0.5, 1]);
    },
  );

  it('that is accepted and dropped again and again is retried ever more slowly', async () => {
    const standIn = closing(await StandIn.open({ autoPong: false }));
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const downs: string[] = [];
    const connection = new Connection({
      url: standIn.url,
      maxMessageBytes: 1000,
      pingMs: 1000,
      backoffMs: [3, 1000],
      random: { range: () => 1 } as never,
      onMalformed: () => {},
      onUnexpected: () => {},
      isExact: () => false,
      handshake: {},
      onUp: () =>
        standIn
          .until(() => standIn.sockets.length > downs.length)
          .then(() => standIn.sockets.at(-1)!.close(1011, 'no')),
      onDown: (reason) => downs.push(reason),
      onFailed: () => {},
    });
    connection.connect();
    await until(() => downs.length >= 4);
    connection.close();
    const waited = timers.mock.calls.map(([, ms]) => ms).filter((ms) => [3, 6, 12, 24].includes(ms ?? 0));
    timers.mockRestore();
    expect(waited).toEqual([3, 6, 12, 24]);
    expect(downs[0]).toBe('closed by the server (1011 no)');
  });
});

describe('a peer that', () => {
  it('stops answering pings is refused commands, then let go, although its socket stays open', async () => {
    plays('client', 'link.half_open');
    covers('client', ['half_open', 'ping'], 'hostile');
    const standIn = closing(await StandIn.open());
    const made = client(standIn.url, { ping_ms: 20 }, { encoder: encoder() });
    const { links } = made;
    const bridge = closing(made.bridge);
    await bridge.open();
    await untilSent(bridge, 1);
    // Half open: connected as far as the kernel knows, and nobody reads.
    standIn.sockets[0]!.pause();
    const refusals = new Set<string | null>();
    await until(() => {
      refusals.add(bridge.send(action(2)).refused);
      return links.length > 2;
    });
    expect([...refusals]).toEqual([null, 'unacknowledged', 'not_connected']);
    expect(links[2]).toMatchObject({ up: false, epoch: 1, reason: 'no answer to a ping for 60 ms' });
    await until(() => links.length > 3);
    expect(links[3]).toMatchObject({ up: true, epoch: 2 });
    await nothingOldIsSent(made, standIn);
  });

  it('never answered anything on this link is sent no command', async () => {
    plays('client', 'link.mute');
    const standIn = closing(await StandIn.open({ autoPong: false }));
    const made = client(standIn.url, {}, { encoder: encoder(), topics: clockTopic });
    const bridge = closing(made.bridge);
    const frames = framesOf(bridge);
    await bridge.open();
    await standIn.until(() => standIn.operations.length === 2);
    standIn.tell({ op: 'publish', topic: '/clock', msg: tick(1) });
    await until(() => frames.length > 0);
    expect(bridge.send(action(1))).toMatchObject({ sent: false, refused: 'unacknowledged' });
    const commands = standIn.socket('advertise');
    commands.pong('2');
    commands.pong('one');
    commands.send(JSON.stringify({ op: 'status', level: 'info', msg: 'read' }));
    await until(() => bridge.counters.unexpected > 0);
    // An answer to a ping that was never sent is none.
    expect(bridge.send(action(2)).refused).toBe('unacknowledged');
    commands.pong('1');
    await untilSent(bridge, 3);
    await standIn.until(() => standIn.of('publish').length > 0);
    expect(standIn.of('publish').map((o) => (o.msg as { seq: number }).seq)).toEqual([3]);
    await nothingOldIsSent(made, standIn);
  });

  it('reads too slowly is refused commands as soon as one has to wait', async () => {
    plays('client', 'reader.stalled');
    covers('client', 'slow_peer', 'hostile');
    const standIn = closing(await StandIn.open());
    const made = client(standIn.url, {}, { encoder: encoder(200_000) });
    const bridge = closing(made.bridge);
    await bridge.open();
    await untilSent(bridge, 0);
    standIn.sockets[0]!.pause();
    const results = Array.from({ length: 200 }, (_, i) => bridge.send(action(i + 1)));
    const sent = results.filter((r) => r.sent).length;
    expect(results[sent]).toMatchObject({ sent: false, refused: 'backpressure' });
    expect(results.slice(sent).every((r) => r.refused === 'backpressure')).toBe(true);
    standIn.sockets[0]!.resume();
    await untilSent(bridge, 999);
    await standIn.until(() => (standIn.operations.at(-1)?.msg as { seq?: number } | undefined)?.seq === 999);
    const arrived = standIn.of('publish').map((o) => (o.msg as { seq: number }).seq);
    expect(arrived).toEqual([0, ...Array.from({ length: sent }, (_, i) => i + 1), 999]);
    await nothingOldIsSent(made, standIn);
  });
});

describe('a command', () => {
  it('goes out before it expires and not at that moment', async () => {
    const { url } = await serve();
    const clock = new VirtualClock(100);
    const { bridge } = client(url, {}, { encoder: encoder(), clock });
    closing(bridge);
    await bridge.open();
    await untilSent(bridge, 1);
    clock.set(999);
    expect(bridge.send(action(2, 1000))).toMatchObject({ sent: true, refused: null, sentNs: 999, epoch: 1, seq: 2 });
    clock.set(1000);
    expect(bridge.send(action(3, 1000))).toMatchObject({ sent: false, refused: 'expired', sentNs: 1000 });
    expect(bridge.send(action(4, Number.NaN)).refused).toBe('expired');
  });

  it('is refused before the bridge is open, after it is closed, and by one that only listens', async () => {
    const { url } = await serve();
    const { bridge } = client(url, {}, { encoder: encoder() });
    expect(bridge.send(action(1)).refused).toBe('not_connected');
    await bridge.open();
    await bridge.close();
    expect(bridge.send(action(2)).refused).toBe('closed');
    const listener = closing(client(url).bridge);
    await listener.open();
    expect(listener.send(action(3)).refused).toBe('closed');
    expect(bridge.counters).toMatchObject({ commandsSent: 0, commandsRefused: 2 });
  });
});
