import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect } from 'vitest';
import { WebSocket } from 'ws';
import type { EquilibriumCommand } from '../../../bridges/messages/messages.ts';
import { ReflexClient } from '../../../src/daemon/operator.ts';
import { REFLEX_SOCKET } from '../../../src/daemon/process.ts';
import type { Tick } from '../../../src/daemon/wire.ts';
import { plays } from '../../interop/played.ts';
import { listen, pause, Sim, until } from '../../system/harness.ts';
import { AGAIN, scenario } from '../scenario.ts';
import { burst } from './burst.ts';
import { shippedHeartbeat, World } from './world.ts';

let world: World;
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await world?.end();
});

/** A websocket of somebody else. Resolves with it, or with what it was answered. */
function stranger(port: number, given: { origin?: string; token?: string } = {}): Promise<WebSocket | number> {
  const { origin, token } = given;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { ...(origin === undefined ? {} : { origin }), headers });
  sockets.push(socket);
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
  });
}
/**
 * 11 MB more of a message that has begun, frame by frame: the cable to the robot runs in this process too, which one large frame
 * would keep from its work. Resolves with the code with which the other side closed.
 */
async function flooded(socket: WebSocket): Promise<number> {
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const piece = Buffer.alloc(100_000, 'x');
  for (let n = 0; n < 110 && socket.readyState === WebSocket.OPEN; n++) {
    socket.send(piece, { fin: false });
    await pause(2);
  }
  return closed;
}
const say = (socket: WebSocket, operation: object) => socket.send(JSON.stringify(operation));
const lines = () => readFileSync(join(world.t.dir, 'lines'), 'utf8');

describe('the link', () => {
  scenario(
    49,
    'half open: the peer stands still, its socket stays OPEN. STOP by age, and the socket is given up',
    'process',
    async () => {
      world = await World.moving();
      world.fault(() => process.kill(world.sim.child.pid!, 'SIGSTOP'));
      const stopping = await world.reaches('STOPPING');
      const toSafeMs = performance.now() - world.faultMs;
      expect(stopping.cause).toBe('state_stale');
      await world.t.daemon.reflex.until((s) => !s.linkUp, 20_000);
      expect(lines()).toContain('no answer to a ping');
      process.kill(world.sim.child.pid!, 'SIGCONT');
      await world.t.daemon.reflex.until((s) => s.linkUp, 10_000);
      await world.stays();
      return { outcome: 'STOPPING(state_stale); link let go: no answer to a ping', toSafeMs, real: true };
    },
    AGAIN,
  );

  scenario(
    49,
    'half open: the cable carries nothing and says nothing. The robot lets go, the backlog moves nothing',
    'receiver',
    async () => {
      plays('client', 'moving.half_open');
      world = await World.moving();
      world.fault(() => world.cable.stall());
      const toSafeMs = await world.held();
      expect(world.status?.reason).toBe('deadman');
      expect((await world.reaches('STOPPING')).cause).toBe('state_stale');
      const { epoch } = world.status!;
      await pause(200);
      // Everything that both sides wrote meanwhile, at once (scenario 21).
      world.cable.flow();
      await world.t.daemon.reflex.until((s) => s.linkUp, 10_000);
      await world.stays(800);
      // What is accepted again is a hold of a newer epoch; all of the old one was refused.
      expect(world.commands.filter((c) => c.epoch > epoch && c.source === 'policy')).toEqual([]);
      expect(world.status!.holding || world.status!.epoch > epoch).toBe(true);
      return { outcome: 'robot holds: deadman; STOPPING(state_stale)', toSafeMs, real: true };
    },
    AGAIN,
  );

  scenario(
    50,
    'the bridge is restarted: a new epoch, everything subscribed anew, no policy moves it',
    'process',
    async () => {
      plays('client', 'moving.restart');
      world = await World.moving();
      const { epoch } = world.t.daemon.reflex.status$.value!;
      const { port } = world.sim;
      world.fault(() => world.sim.child.kill('SIGKILL'));
      await world.reaches('STOPPING');
      const toSafeMs = performance.now() - world.faultMs;
      world.ros.close();
      world.sim = await Sim.start(port);
      await world.watch();
      const arrived = world.commands.length;
      await world.t.daemon.reflex.until((s) => s.linkUp, 10_000);
      await until(() => world.position.length > 0, 20_000, 'states of the new robot');
      // The new robot stands elsewhere, and stays there: after more than a lease of silence the setpoint begins anew.
      await world.stays(800);
      expect(world.commands.slice(arrived).filter((c) => c.epoch <= epoch)).toEqual([]);
      expect(world.commands.slice(arrived).filter((c) => c.source === 'policy')).toEqual([]);
      return { outcome: 'STOPPING; no command of the old epoch, none of the policy; stays', toSafeMs, real: true };
    },
    AGAIN,
  );

  scenario(
    51,
    'an outage of 10 s while the policy runs on: not one command made before or during it arrives after',
    'process',
    async () => {
      plays('client', 'moving.outage');
      world = await World.moving();
      world.fault(() => world.cable.cut());
      const toSafeMs = await world.held();
      const before = world.commands.at(-1)!;
      await pause(10_000);
      const arrived = world.commands.length;
      const during = world.t.daemon.reflex.status$.value!.epoch;
      world.cable.restore();
      await world.t.daemon.reflex.until((s) => s.linkUp, 10_000);
      await world.stays(700);
      const after = world.commands.slice(arrived);
      expect(after.filter((c) => c.epoch <= Math.max(before.epoch, during))).toEqual([]);
      expect(after.filter((c) => c.source === 'policy')).toEqual([]);
      return { outcome: 'robot holds: deadman; 0 old commands', toSafeMs, real: true };
    },
    AGAIN,
  );

  scenario(
    29,
    '200 valid state messages in one write: each state in its turn, none after a newer one; ticks stay on time',
    'process',
    async () => {
      world = await World.moving();
      const { reflex, dir } = world.t.daemon;
      const observer = new ReflexClient(join(dir, REFLEX_SOCKET), 'practice');
      try {
        const ticks: Pick<Tick, 'stateSeq' | 'stateStampNs' | 'commandSeq' | 'epoch'>[] = [];
        observer.ticks$.subscribe(({ stateSeq, stateStampNs, commandSeq, epoch }) => {
          ticks.push({ stateSeq, stateStampNs, commandSeq, epoch });
        });
        await until(() => ticks.length > 10, 20_000, 'ticks');
        const before = await reflex.summary();
        const { refused } = world.status!;
        world.fault(() => {});
        const stamps = await burst(
          world.pid('reflex'),
          world.cable.pairs,
          ['/joint_states', '/ee_pose', '/wrench'],
          200,
        );
        const newest = stamps.at(-1)!;
        await until(() => ticks.some((t) => t.stateStampNs > newest), 20_000, 'a tick on what came after the burst');
        const arrived = ticks.length;
        await until(() => ticks.length > arrived + 50, 20_000, 'ticks to go on');
        const after = await reflex.summary();
        // All of the burst was a state to the reflex, and none was looked at once a newer one was there.
        const states = ticks.filter((t) => t.stateStampNs >= stamps[0]! && t.stateStampNs <= newest);
        expect(states.at(-1)?.stateStampNs).toBe(newest);
        for (let i = 1; i < ticks.length; i++) {
          expect(ticks[i]!.stateSeq).toBeGreaterThanOrEqual(ticks[i - 1]!.stateSeq);
          expect(ticks[i]!.stateStampNs).toBeGreaterThanOrEqual(ticks[i - 1]!.stateStampNs);
        }
        const [first, last] = [ticks.findIndex((t) => t.stateStampNs >= stamps[0]!), ticks.at(-1)!];
        expect(last.stateSeq - ticks[first]!.stateSeq).toBeGreaterThanOrEqual(stamps.length - 1);
        // A tick for each of its states: the timer leaves out the periods which these take, and makes up for none.
        const grown = (key: string) => Number(after[key]) - Number(before[key]);
        expect(grown('overruns')).toBeLessThanOrEqual(3);
        expect(grown('skipped')).toBeLessThanOrEqual(8);
        expect(grown('sent')).toBeLessThanOrEqual(grown('ticks'));
        // Only what shares two cores with it may come too late for it.
        expect(world.stops.filter((c) => c !== 'decision_stale' && c !== 'not_acknowledged')).toEqual([]);
        expect(world.status!.refused).toBe(refused);
        expect(lines()).not.toContain('RA_MESSAGE_MALFORMED');
      } finally {
        observer.close();
      }
      return { outcome: 'goes on; states in order, none refused' };
    },
    AGAIN,
  );
});

describe('others on the network', () => {
  scenario(
    52,
    'somebody replays an old command: refused at the robot, and its echo is STOP',
    'process',
    async () => {
      plays('client', 'command.replayed');
      world = await World.moving();
      let captured: EquilibriumCommand | null = null;
      const topic = listen<EquilibriumCommand>(
        world.ros,
        '/equilibrium_command',
        'reflexarc_msgs/msg/EquilibriumCommand',
        (m) => {
          captured ??= m;
        },
      );
      await until(() => captured !== null, 20_000, 'a command to capture');
      topic.unsubscribe();
      await pause(100);
      const rogue = (await stranger(world.sim.port)) as WebSocket;
      const refused = world.status!.refused;
      world.fault(() => say(rogue, { op: 'publish', topic: '/equilibrium_command', msg: captured! }));
      const toSafeMs = await world.safe();
      expect((await world.reaches('STOPPING')).cause).toBe('echo_mismatch');
      await until(() => world.status!.refused > refused, 20_000, 'the robot to refuse it');
      expect(world.status!.last_refusal).toBe('old sequence');
      await world.stays();
      return { outcome: 'refused: old sequence; STOPPING(echo_mismatch)', toSafeMs, real: true };
    },
    AGAIN,
  );

  scenario(
    56,
    'a second commander on the topic: STOP, with the sequence that it used',
    'process',
    async () => {
      world = await World.moving();
      let captured: EquilibriumCommand | null = null;
      listen<EquilibriumCommand>(world.ros, '/equilibrium_command', 'reflexarc_msgs/msg/EquilibriumCommand', (m) => {
        captured ??= m;
      });
      await until(() => captured !== null, 20_000, 'a command to imitate');
      const rogue = (await stranger(world.sim.port)) as WebSocket;
      const foreign = { ...captured!, epoch: captured!.epoch + 1, seq: 7, source: 'stranger' };
      world.fault(() => say(rogue, { op: 'publish', topic: '/equilibrium_command', msg: foreign }));
      const stopping = await world.reaches('STOPPING');
      expect(stopping).toMatchObject({ cause: 'second_commander', value: 7 });
      // The robot obeyed the stranger, whose epoch is newer, for one lease; then nobody.
      const toSafeMs = await world.held();
      expect(world.status?.reason).toBe('deadman');
      await world.stays();
      return { outcome: 'STOPPING(second_commander); robot holds: deadman', toSafeMs, real: true };
    },
    AGAIN,
  );

  scenario(
    57,
    '10 MB messages, fragments that never end, text that is no JSON: dropped or closed, control goes on',
    'process',
    async () => {
      world = await World.moving(shippedHeartbeat);
      const part = await world.diagnostics();
      const port = world.t.config.daemon.ros_port;
      const asked = () => lines().split('"operator request"').length;
      const before = asked();
      const big = (await stranger(port)) as WebSocket;
      big.send('{"op":"publish","topic":"/x","msg":{"data":"', { fin: false });
      expect(await flooded(big)).toBe(1009);
      // One that never ends by the websocket, and one by rosbridge.
      const odd = (await stranger(port)) as WebSocket;
      odd.send('{"op":"publish","topic":', { fin: false });
      const half = (await stranger(port)) as WebSocket;
      say(half, {
        op: 'fragment',
        id: 'half',
        num: 0,
        total: 2,
        data: '{"op":"call_service","service":"/reflexarc/stop"',
      });
      const talker = (await stranger(port)) as WebSocket;
      for (let n = 0; n < 100; n++) talker.send(`{"op":"call_service","service":"/reflexarc/stop"${n}`);
      await until(() => part('ros')['refused: not_json'] === '100', 20_000, 'a hundred texts to be counted');
      expect(asked()).toBe(before);
      await world.goesOn();

      // What never ended is given up; the others are served, and the bound on a message holds for all its frames.
      await until(() => part('ros')['refused: bad_fragment'] === '1', 30_000, 'the fragment to be given up');
      for (const socket of [talker, half]) {
        const answer = new Promise((resolve) =>
          socket.on(
            'message',
            (data) => String(data).includes('"service_response"') && resolve(JSON.parse(String(data))),
          ),
        );
        say(socket, { op: 'call_service', id: 'still there', service: '/rosapi/topics' });
        expect(await answer).toMatchObject({ id: 'still there', result: true });
      }
      expect(odd.readyState).toBe(WebSocket.OPEN);
      expect(await flooded(odd)).toBe(1009);
      expect(part('ros')['refused: not_json']).toBe('100');
      // Whom all this was said to.
      expect(world.events.filter((e) => e.event === 'died' && e.name === 'observer')).toEqual([]);
      return { outcome: 'closed 1009; dropped and counted, 100 of 100; the policy goes on' };
    },
    AGAIN,
  );

  scenario(
    57,
    "2 MB on the robot's own bridge meet the client's bound: it closes, and that is a stop like any other",
    'process',
    async () => {
      world = await World.moving();
      const rogue = (await stranger(world.sim.port)) as WebSocket;
      // What the robot itself says nobody else may say there; the command topic is open to all, and the reflex hears it.
      const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: 'x'.repeat(2_000_000) };
      world.fault(() => say(rogue, { op: 'publish', topic: '/equilibrium_command', msg: { header } }));
      const toSafeMs = await world.safe();
      expect(['link_changed', 'link_down', 'state_stale']).toContain((await world.reaches('STOPPING')).cause);
      await world.t.daemon.reflex.until((s) => s.linkUp, 10_000);
      await world.stays();
      return { outcome: 'STOPPING', toSafeMs, real: true };
    },
    AGAIN,
  );

  scenario(
    58,
    'a web page of another origin: refused before any operation',
    'process',
    async () => {
      world = await World.moving();
      expect(await stranger(world.t.config.daemon.ros_port, { origin: 'https://evil.example' })).toBe(401);
      expect(await stranger(world.sim.port, { origin: 'https://evil.example' })).toBe(401);
      const answer = await fetch(`http://127.0.0.1:${world.t.config.daemon.console_port}/api/request`, {
        method: 'POST',
        headers: { origin: 'https://evil.example', 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'estop' }),
      });
      expect(answer.status).toBe(403);
      expect(world.transitions.some((x) => x.to === 'ESTOP')).toBe(false);
      expect(world.t.config.daemon.host).toBe('127.0.0.1');
      return { outcome: 'refused: 401, 403' };
    },
    AGAIN,
  );

  scenario(
    58,
    'a client without the token: nothing that it asks for is done; with a wrong one it is not let in',
    'process',
    async () => {
      const dir = mkdtempSync(join(tmpdir(), 'reflexarc-token-'));
      const ros_token_file = join(dir, 'token');
      const token = 'a secret of the operators';
      writeFileSync(ros_token_file, token, { mode: 0o600 });
      try {
        world = await World.moving((config) => {
          config.daemon.ros_token_file = ros_token_file;
        });
        const { ros_port } = world.t.config.daemon;
        expect(await stranger(ros_port, { token: 'a secret of somebody else' })).toBe(401);
        const nobody = (await stranger(ros_port)) as WebSocket;
        const friend = (await stranger(ros_port, { token })) as WebSocket;
        const answer = new Promise((resolve) => friend.once('message', (data) => resolve(JSON.parse(String(data)))));
        say(nobody, { op: 'call_service', id: 'stop', service: '/reflexarc/estop', type: 'std_srvs/srv/Trigger' });
        say(nobody, { op: 'call_service', id: 'stop', service: '/reflexarc/stop', type: 'std_srvs/srv/Trigger' });
        await pause(300);
        expect(world.transitions.map((x) => x.cause).filter((cause) => /operator_stop|estop/.test(cause))).toEqual([]);
        say(friend, { op: 'call_service', id: 'stop', service: '/reflexarc/stop', type: 'std_srvs/srv/Trigger' });
        expect(await answer).toMatchObject({ op: 'service_response', id: 'stop', result: true });
        await world.t.daemon.reflex.until((s) => s.mode === 'STOPPING' || s.mode === 'STOPPED', 20_000);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
      return { outcome: 'refused: 401, not_authenticated' };
    },
    AGAIN,
  );
});
