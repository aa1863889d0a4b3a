import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type EquilibriumCommand, type JointState, nsFromTime } from '../../bridges/messages/messages.ts';
import { safetySchema } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import type { LadderTransition } from '../../src/core/signals.ts';
import { listen, newEpisode, pause, rosClient, Sim, startDaemon, stepped, until } from './harness.ts';

/** Joint 2 leans forward by 0.036 rad on the way down to the hole. Half-way, rad, there is no more room for it. */
const LEAN = 1;
const ROOM = 0.022;
const MARGIN = 0.01;

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of open.splice(0).reverse()) await end();
});

// In stepped time: the guard reckons with a command that goes out in its tick, and on a busy machine a late one goes further.
it('with `safety.guard` the daemon brakes before a joint is at its limit, and stays stopped', async () => {
  const sim = await Sim.start(undefined, ['--speed', 'max']);
  open.push(() => sim.stop());
  const ros = await rosClient(sim.port);
  open.push(() => ros.close());
  let lean = Number.NaN;
  let leanNs = Number.NaN;
  let most = Number.NEGATIVE_INFINITY;
  listen<JointState>(ros, '/joint_states', 'sensor_msgs/msg/JointState', (m) => {
    lean = m.position[LEAN]!;
    leanNs = nsFromTime(m.header.stamp);
    most = Math.max(most, lean);
  });
  const begunNs = await newEpisode(ros);
  await until(() => leanNs > begunNs + 0.3e9, 20_000, 'an arm at rest');
  const limit = lean + ROOM;
  most = lean;

  const t = await startDaemon(sim.port, (config) => {
    stepped(config);
    config.safety = safetySchema.parse({
      ...config.safety,
      // What fits the time is measured by `bench guard`: here it may take as long as it takes.
      guard: { model: join(packageRoot, 'configs/worlds/peg.xml'), budget_us: 1e6 },
      rules: { joint_limit: { margin: MARGIN } },
    });
    const { position } = config.robot.joints[LEAN]!;
    position[1] = limit - MARGIN;
  });
  open.push(() => t.stop());
  const { reflex } = t.daemon;
  const stops: LadderTransition[] = [];
  reflex.transitions$.subscribe((x) => x.to === 'STOPPING' && stops.push(x));
  const sources: string[] = [];
  listen<EquilibriumCommand>(ros, '/equilibrium_command', 'reflexarc_msgs/msg/EquilibriumCommand', (m) => {
    if (sources.at(-1) !== m.source) sources.push(m.source);
  });
  await reflex.until((s) => s.mode === 'DISARMED' && s.linkUp && s.brainDecides, 20_000);
  for (const kind of ['arm', 'engage'] as const) {
    await pause(300);
    expect(await reflex.request({ kind })).toMatchObject({ accepted: true });
  }
  await until(() => stops.length > 0, 20_000, 'a stop');
  expect(stops[0]).toMatchObject({ cause: 'foreseen_limit', limit: expect.closeTo(limit, 9) });
  // It is what would have been, not what was measured.
  expect(stops[0]!.value).toBeGreaterThan(limit);
  expect(most).toBeLessThan(limit);

  await reflex.until((s) => s.mode === 'STOPPED', 10_000);
  await pause(300);
  expect(most).toBeLessThan(limit);
  expect(sources).toEqual(['hold', 'policy', 'brake', 'hold']);
  const { guard } = (await reflex.summary()) as { guard: Record<string, number> };
  expect(guard).toMatchObject({ foreseen: 1, overruns: 0, failures: 0 });
  expect(guard.checks).toBeGreaterThan(10);
  expect((await reflex.request({ kind: 'engage' })).accepted).toBe(false);
});
