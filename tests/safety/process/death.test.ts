import { join } from 'node:path';
import { afterEach, describe, expect } from 'vitest';
import { ReflexClient } from '../../../src/daemon/operator.ts';
import { REFLEX_SOCKET } from '../../../src/daemon/process.ts';
import { alive, engage, pause, startDaemon, until } from '../../system/harness.ts';
import { AGAIN, scenario } from '../scenario.ts';
import { LATE, shippedHeartbeat, World } from './world.ts';

/** Of the shipped run: 100 Hz. */
const PERIOD_MS = 10;

/** Processes that die, in mid-motion. Times are reported, not judged: a busy machine may take longer than an idle one. */
let world: World;
afterEach(() => world?.end());

describe('a process dies', () => {
  for (const how of ['kill -9', 'an exception'])
    scenario(
      33,
      `the policy crashes (${how}): STOP, the daemon stays up, nothing engages by itself when it is back`,
      'process',
      async () => {
        // A busy machine may be late with what the policy says: of that it would stop first.
        world = await World.moving(({ safety }) => {
          safety.decision_age_ms = 2000;
        });
        const brain = world.pid('brain');
        world.fault(() => (how === 'kill -9' ? process.kill(brain, 'SIGKILL') : world.inject('brain', 'throw')));
        const toSafeMs = await world.safe();
        expect((await world.reaches('STOPPING')).cause).toBe('brain_lost');
        await world.reaches('STOPPED');
        const back = () => world.pid('brain') !== brain && world.t.daemon.reflex.status$.value?.brainUp;
        await until(back, 15_000, 'the brain to be back');
        await world.stays(1500);
        expect(world.mode).toBe('STOPPED');
        expect((await world.t.daemon.reflex.request({ kind: 'engage' })).accepted).toBe(false);
        // And with the three acts of an operator it goes on.
        await engage(world.t);
        expect(world.mode).toBe('ACTIVE');
        return { outcome: 'STOPPING(brain_lost) → STOPPED(brain_lost)', toSafeMs, real: true };
      },
      AGAIN,
    );

  scenario(
    44,
    'the heap of the brain runs full: STOP long before it dies, and again nothing by itself',
    'process',
    async () => {
      world = await World.moving();
      const brain = world.pid('brain');
      world.fault(() => world.inject('brain', 'leak'));
      const toSafeMs = await world.safe(30_000);
      // Whichever is seen first: the brain is late, or it has taken the machine from all others. Gone it is long after.
      expect((await world.reaches('STOPPING')).cause).not.toBe('brain_lost');
      await world.reaches('STOPPED');
      expect(alive(brain)).toBe(true);
      expect(world.events.filter((e) => e.event === 'died')).toEqual([]);
      await until(() => !alive(brain), 60_000, 'the brain to die of it');
      const back = () => world.pid('brain') !== brain && world.t.daemon.reflex.status$.value?.brainUp;
      await until(back, 15_000, 'the brain to be back');
      await world.stays();
      return {
        outcome: 'STOPPED, decision_stale or another, the brain still alive; nothing by itself',
        toSafeMs,
        real: true,
      };
    },
    AGAIN,
  );

  scenario(
    45,
    'kill -9 of every process of the daemon: the deadman holds; a new daemon comes up DISARMED',
    'receiver',
    async () => {
      world = await World.moving();
      world.fault(() => {
        for (const name of ['sentinel', 'reflex', 'brain', 'observer']) process.kill(world.pid(name), 'SIGKILL');
      });
      const toSafeMs = await world.held();
      expect(world.status?.reason).toBe('deadman');
      await world.stays();
      const again = await startDaemon(world.cable.port);
      try {
        await again.daemon.reflex.until((s) => s.linkUp && s.brainUp, 20_000);
        expect(again.daemon.reflex.status$.value?.mode).toBe('DISARMED');
        await world.stays();
      } finally {
        await again.stop();
      }
      return { outcome: 'robot holds: deadman, by its own clock in time; DISARMED', toSafeMs, real: true };
    },
    AGAIN,
  );

  scenario(
    45,
    'kill -9 of the reflex: the sentinel stops the robot; the new reflex comes up DISARMED',
    'process',
    async () => {
      world = await World.moving();
      const reflex = world.pid('reflex');
      world.fault(() => process.kill(reflex, 'SIGKILL'));
      const toSafeMs = await world.held();
      expect(world.status?.reason).toMatch(/^(stop: reflex died|deadman)/);
      await until(() => world.events.some((e) => e.event === 'stop' && e.sent), 20_000, "the sentinel's stop");
      await until(() => world.status?.reason.startsWith('stop') === true, 20_000, 'the stop to be in force');
      await until(() => world.pid('reflex') !== reflex, 20_000, 'a new reflex');
      await world.t.daemon.reflex.until((s) => s.mode === 'DISARMED', 10_000);
      await world.stays();
      return { outcome: 'robot holds: stop; DISARMED', toSafeMs, real: true };
    },
    AGAIN,
  );

  for (const [how, what] of [
    ['an uncaught exception', 'throw'],
    ['an unhandled rejection', 'reject'],
  ] as const) {
    scenario(
      47,
      `${how} in the reflex: it ends non-zero, one stop goes out for it, DISARMED`,
      'process',
      async () => {
        world = await World.moving();
        const reflex = world.pid('reflex');
        world.fault(() => world.inject('reflex', what));
        const toSafeMs = await world.held();
        await until(
          () => world.status?.reason.startsWith('stop: reflex died') === true,
          20_000,
          'the stop to be in force',
        );
        const died = () => world.events.find((e) => e.event === 'died' && e.name === 'reflex');
        await until(() => died() !== undefined, 20_000, 'its death');
        expect(died()).toMatchObject({ code: 1, signal: null });
        expect(alive(reflex)).toBe(false);
        await world.t.daemon.reflex.until((s) => s.mode === 'DISARMED', 10_000);
        await world.stays();
        return { outcome: 'exit 1; robot holds: stop; DISARMED', toSafeMs, real: true };
      },
      AGAIN,
    );
  }
});

describe('a process stands still', () => {
  scenario(
    41,
    'garbage collection churns in brain and observer: the reflex does not trip',
    'process',
    async () => {
      world = await World.moving(shippedHeartbeat);
      for (const name of ['brain', 'observer']) world.inject(name, 'churn');
      await until(() => world.done('brain', 'churn') >= 10 && world.done('observer', 'churn') >= 10, 20_000, 'garbage');
      // What shares two cores with it may come too late for it; the reflex itself stands still for nobody.
      await world.goesOn();
      return { outcome: 'no stop of the reflex itself, none of the sentinel; the policy goes on' };
    },
    AGAIN,
  );

  scenario(
    42,
    'brain and observer block for 50 ms again and again: the policy only comes later; no burst afterwards',
    'process',
    async () => {
      world = await World.moving(shippedHeartbeat);
      const { refused } = world.status!;
      for (const name of ['brain', 'observer']) world.inject(name, 'block50');
      await until(
        () => world.done('brain', 'block50') >= 10 && world.done('observer', 'block50') >= 10,
        20_000,
        'blocks',
      );
      await world.goesOn();
      world.inOrder(refused);
      return { outcome: 'no stop of the reflex itself; commands in order, none refused; the policy goes on' };
    },
    AGAIN,
  );

  scenario(
    42,
    'the reflex itself blocks for 50 ms again and again: overruns are counted, periods skipped, none caught up',
    'process',
    async () => {
      world = await World.moving(shippedHeartbeat);
      const { refused } = world.status!;
      const { reflex, dir } = world.t.daemon;
      const observer = new ReflexClient(join(dir, REFLEX_SOCKET), 'practice');
      try {
        const onTimer: { atMs: number; dueMs: number }[] = [];
        observer.ticks$.subscribe(({ nowNs, latenessUs }) => {
          if (!Number.isNaN(latenessUs)) onTimer.push({ atMs: nowNs / 1e6, dueMs: nowNs / 1e6 - latenessUs / 1000 });
        });
        const before = await reflex.summary();
        world.inject('reflex', 'block50');
        await until(() => world.done('reflex', 'block50') >= 10, 20_000, 'blocks');
        const blocks = world.done('reflex', 'block50');
        const after = await reflex.summary();
        const grown = (key: string) => Number(after[key]) - Number(before[key]);
        expect(grown('overruns')).toBeGreaterThanOrEqual(blocks);
        expect(grown('skipped')).toBeGreaterThan(0);
        // No tick for a deadline that went by before the tick before it: periods are skipped, and never caught up.
        const late = onTimer.filter(({ atMs, dueMs }) => atMs - dueMs > 2 * PERIOD_MS);
        expect(late).not.toEqual([]);
        for (let i = 1; i < onTimer.length; i++)
          expect(onTimer[i]!.dueMs).toBeGreaterThan(onTimer[i - 1]!.atMs - PERIOD_MS / 2);
      } finally {
        observer.close();
      }
      // The newest state may be past its 50 ms when it wakes: that is a stop. An overrun is none below 100 ms.
      await world.goesOn([...LATE, 'state_stale', 'overrun']);
      for (const x of world.transitions) if (x.cause === 'overrun') expect(x.value).toBeGreaterThan(100);
      // A busy machine may make 50 ms more than the lease: then the robot has let go. Nothing is refused for its age.
      world.inOrder(refused, ['held']);
      return {
        outcome: 'overruns counted, periods skipped; at most STOPPING(state_stale); commands in order, none old',
      };
    },
    AGAIN,
  );

  scenario(
    43,
    'the reflex blocks for 500 ms: the sentinel stops the robot and replaces it; the due tick is not sent',
    'process',
    async () => {
      world = await World.moving(shippedHeartbeat);
      const reflex = world.pid('reflex');
      world.fault(() => world.inject('reflex', 'block500'));
      const toSafeMs = await world.held();
      const last = world.commands.length;
      await until(() => !alive(reflex), 20_000, 'the stalled reflex to be gone');
      await world.t.daemon.reflex.until((s) => s.mode === 'DISARMED', 10_000);
      await world.stays();
      expect(world.commands.length).toBe(last);
      return { outcome: 'robot holds: stop or deadman; DISARMED', toSafeMs, real: true };
    },
    AGAIN,
  );

  scenario(
    46,
    'the reflex stands still (SIGSTOP): the sentinel stops the robot and replaces it',
    'process',
    async () => {
      world = await World.moving(shippedHeartbeat);
      const reflex = world.pid('reflex');
      world.fault(() => process.kill(reflex, 'SIGSTOP'));
      const toSafeMs = await world.held();
      await until(() => !alive(reflex), 20_000, 'the stalled reflex to be gone');
      await world.t.daemon.reflex.until((s) => s.mode === 'DISARMED', 10_000);
      await world.stays();
      return { outcome: 'robot holds: stop or deadman; DISARMED', toSafeMs, real: true };
    },
    AGAIN,
  );

  scenario(
    46,
    'the reflex and its sentinel stand still for 2 s and go on: the robot has let go, the old epoch is refused',
    'receiver',
    async () => {
      world = await World.moving(shippedHeartbeat);
      const [reflex, sentinel] = [world.pid('reflex'), world.pid('sentinel')];
      world.fault(() => {
        process.kill(sentinel, 'SIGSTOP');
        process.kill(reflex, 'SIGSTOP');
      });
      const toSafeMs = await world.held();
      expect(world.status?.reason).toBe('deadman');
      const { epoch } = world.status!;
      await pause(2000);
      const accepted = world.status!.accepted;
      // The reflex first: it finds itself late, and whatever it says is of an epoch that the robot has done with.
      process.kill(reflex, 'SIGCONT');
      await pause(30);
      process.kill(sentinel, 'SIGCONT');
      await world.stays(800);
      expect(world.status!.accepted).toBe(accepted);
      expect(world.status!.epoch).toBe(epoch);
      expect(world.status!.holding).toBe(true);
      return { outcome: 'robot holds: deadman; nothing of the old epoch is taken', toSafeMs, real: true };
    },
    AGAIN,
  );
});
