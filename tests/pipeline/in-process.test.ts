import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { PegWorld } from '../../bridges/mujoco/world.ts';
import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import type { ResidualPolicy } from '../../policies/policy.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import { loadRun } from '../../src/core/config/load.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { worldOf } from '../../src/core/task-world.ts';
import { InProcessRun } from '../../src/pipeline/in-process.ts';

let config: RunConfig;
beforeAll(() => {
  config = loadRun(`${packageRoot}/configs/runs/peg.yaml`, []).config;
});

async function makeRun(over: { residual?: ResidualPolicy; residualScale?: number } = {}) {
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  const run = new InProcessRun({
    config,
    world,
    base: createBase(config.policies.base),
    residual: createResidual(config.policies.residual),
    critic: createCritic(config.policies.critic),
    ...over,
  });
  return { run, world };
}

/** Hash of every byte of every command of `episodes`. */
async function commandHash(seeds: number[], over = {}): Promise<{ hash: string; commands: number }> {
  const { run, world } = await makeRun(over);
  const hash = createHash('sha256');
  let commands = 0;
  run.sent$.subscribe((a) => {
    commands++;
    hash.update(Buffer.from(a.setpoint.buffer, a.setpoint.byteOffset, a.setpoint.byteLength));
    hash.update(`${a.mode} ${a.source} ${a.epoch} ${a.seq} ${a.stampNs} ${a.expiresNs}`);
  });
  for (const seed of seeds) run.episode(seed);
  world.dispose();
  return { hash: hash.digest('hex'), commands };
}

describe('both halves in one process', () => {
  it('the same seed gives the same bits, twice, in fresh worlds', async () => {
    const a = await commandHash([1, 2]);
    const b = await commandHash([1, 2]);
    expect(a.commands).toBeGreaterThan(200);
    expect(b).toEqual(a);
    expect((await commandHash([3])).hash).not.toBe(a.hash);
  });

  it('residual scale 0, and an untrained residual, give the commands of the base bit for bit', async () => {
    const untrained: ResidualPolicy = {
      observationSize: 9,
      actionSize: 4,
      sha256: '',
      infer: (_observation, _base, out) => void out.fill(0),
    };
    const none: ResidualPolicy = {
      ...untrained,
      infer: () => {
        throw new Error('a residual of scale 0 is not asked');
      },
    };
    const base = await commandHash([4], { residual: none, residualScale: 0 });
    expect(await commandHash([4], { residual: untrained, residualScale: 0.3 })).toEqual(base);
    expect((await commandHash([4])).hash).not.toBe(base.hash);
  });

  it('a person who takes over has the next command, and gives the decision back to a policy that plans anew', async () => {
    const { run, world } = await makeRun();
    const sent: { seq: number; source: string; epoch: number; stamp: number }[] = [];
    run.sent$.subscribe((a) => sent.push({ seq: a.seq, source: a.source, epoch: a.epoch, stamp: a.stateStampNs }));
    const decided: number[] = [];
    run.decided$.subscribe(({ decision }) => decided.push(decision.epoch));
    world.reset(7);
    for (let n = 0; n < 5; n++) run.step();
    run.gate.request({ kind: 'arm' }, run.clock.nowNs());
    run.step();
    run.gate.request({ kind: 'engage' }, run.clock.nowNs());
    const mode = () => run.gate.mode;
    while (mode() === 'ENGAGING') run.step();
    const last = () => sent.at(-1)!;
    expect([mode(), last().source]).toEqual(['ACTIVE', 'policy']);
    let seq = 0;
    const say = (action: number[], release = false) => {
      const { epoch, seq: commandSeq } = last();
      run.takeovers$.next({ holder: 1, epoch, commandSeq, seq: ++seq, action: Float64Array.from(action), release });
    };
    const before = last();
    say([0, 0, 1, 0]);
    run.step();
    // One state later, one command later.
    expect(last()).toMatchObject({ source: 'takeover', seq: before.seq + 1, epoch: before.epoch });
    expect(last().stamp - before.stamp).toBe(1e7);
    for (let n = 0; n < 20; n++) {
      if (n % 5 === 0) say([0, 0, 1, 0]);
      run.step();
      expect(last().source).toBe('takeover');
    }
    say([], true);
    const { epoch } = run.gate;
    expect(epoch).toBe(before.epoch + 1);
    while (mode() === 'ENGAGING') run.step();
    expect([mode(), last().source, last().epoch]).toEqual(['ACTIVE', 'policy', epoch]);
    expect(decided.at(-1)).toBe(epoch);
    world.dispose();
  });

  it('every decision is recorded with what was sent, and the proposal is never beyond the residual bound', async () => {
    const { run, world } = await makeRun();
    let decisions = 0;
    run.decided$.subscribe(({ decision }) => {
      decisions++;
      for (const r of decision.residual) expect(Math.abs(r)).toBeLessThanOrEqual(config.safety.residual_bound);
    });
    const { ended } = run.episode(5);
    expect(ended).toMatch(/^(success|timeout|force_limit|recovery_exhausted)$/);
    expect(decisions).toBeGreaterThan(10);
    expect(run.transitions.map((t) => `${t.from}>${t.to}`).slice(0, 4)).toEqual([
      'BOOT>DISARMED',
      'DISARMED>HOLD',
      'HOLD>ENGAGING',
      'ENGAGING>ACTIVE',
    ]);
    world.dispose();
  });

  it('an arm that stopped outside the workspace is brought home before the next episode', async () => {
    const { run, world } = await makeRun();
    // A hand takes the arm 0.3 m up in the first motion; only a reset of the task brings it home.
    let carried = 0;
    const { readState, reset } = world;
    world.readState = (out) => {
      readState.call(world, out);
      out.pose[2] = out.pose[2]! + carried;
    };
    world.reset = (seed) => {
      reset.call(world, seed);
      carried = 0;
    };
    run.ticked$.subscribe((record) => {
      if (record.mode === 'ACTIVE') carried = 0.3;
    });
    run.episode(1);
    expect(run.transitions.map((t) => t.cause)).toContain('implausible_step');
    expect(run.gate.mode).toBe('DISARMED');
    world.dispose();
  });
});
