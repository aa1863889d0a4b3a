import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { inTime } from '../../policies/critic/in-time.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { MS } from '../controllers/safety/rig.ts';
import { errorOf } from '../core/config/fixture.ts';
import { moving, stops, Watched } from './rig.ts';
import { scenario } from './scenario.ts';

describe('policy and critic', () => {
  scenario(31, 'the policy misses one period: its last aim is kept, still limited, no trip', 'gate', () => {
    const rig = moving();
    rig.tick(4);
    rig.thinking = false;
    rig.tick(5);
    rig.thinking = true;
    rig.tick(50);
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.gate.counters.interventions).toBe(0);
    return { outcome: 'ACTIVE' };
  });

  scenario(32, 'the policy stalls for more than 100 ms: STOP, and its late answer is discarded', 'gate', () => {
    const rig = moving();
    rig.think();
    const asked = rig.nowNs;
    return stops(rig, () => (rig.thinking = false), {
      cause: 'decision_stale',
      value: 110,
      limit: 100,
      heal: () => {
        rig.think({ observedNs: asked, expiresNs: asked + 100 * MS, base: Float64Array.of(1, 1, 1, 0) });
        expect(rig.tick()!.source).toBe('brake');
        rig.thinking = true;
      },
    });
  });

  scenario(34, 'the policy answers an old observation: refused for its age, STOP', 'gate', () => {
    const rig = moving();
    const think = rig.think.bind(rig);
    return stops(rig, () => (rig.think = () => think({ observedNs: rig.nowNs - 150 * MS })), {
      cause: 'decision_stale',
      limit: 100,
      heal: () => (rig.think = think),
    });
  });

  scenario(35, 'the policy repeats one action for ever: a warning after 1 s, STOP after 3 s', 'gate', () => {
    const rig = moving();
    rig.wandering = false;
    rig.decision.base.set([0, 0, 0, 0.5]);
    let warnedNs = 0;
    const from = rig.nowNs;
    const think = rig.think.bind(rig);
    rig.think = (changes) => {
      if (rig.gate.record.cause === 'constant_output' && warnedNs === 0) warnedNs = rig.nowNs;
      think(changes);
    };
    const shown = stops(rig, () => {}, { cause: 'constant_output', value: 61, limit: 60 });
    expect(warnedNs - from).toBeLessThan(1.2e9);
    return shown;
  });

  scenario(
    36,
    'the critic is slow: its answer is none, the setpoint stands still, then STOP; limits go on',
    'gate',
    () => {
      const clock = new VirtualClock();
      const rig = moving();
      const slow = inTime(
        {
          inputSize: 13,
          sha256: '',
          evaluate(_inputs, count, risks) {
            clock.advance(count > 1 && late ? 21 * MS : 20 * MS);
            risks.fill(0);
          },
        },
        clock,
        20,
      );
      let late = false;
      const risks = new Float64Array(6);
      rig.critic.evaluate = (inputs, count, out) => {
        slow.evaluate(inputs, count, risks);
        out.set(risks.subarray(0, count));
      };
      rig.tick(50);
      expect(rig.gate.mode).toBe('ACTIVE');
      late = true;
      const from = rig.nowNs;
      expect(rig.tick()).toMatchObject({ mode: 'ACTIVE', source: 'hold' });
      const toSafeMs = (rig.nowNs - from) / MS;
      expect(rig.tick()).toMatchObject({ mode: 'STOPPING', source: 'brake' });
      expect(rig.gate.cause).toBe('critic_invalid');
      expect(rig.gate.counters.criticInvalid).toBe(2);
      return { outcome: 'stands still; STOPPING(critic_invalid)', toSafeMs };
    },
  );

  scenario(37, 'a critic file that is corrupted, cut, of another digest or size: nothing starts', 'config', () => {
    const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
    const { critic } = config.policies;
    const dir = mkdtempSync(join(tmpdir(), 'reflexarc-critic-'));
    try {
      const path = join(dir, 'critic.safetensors');
      copyFileSync(critic.path!, path);
      const bytes = readFileSync(path);
      bytes[bytes.length - 3]! ^= 1;
      writeFileSync(path, bytes);
      const load = (at: string) => createCritic({ ...critic, path: at } as { type: string });
      expect(errorOf(() => load(path)).code).toBe('RA_DIGEST_MISMATCH');
      truncateSync(path, 1000);
      expect(errorOf(() => load(path)).code).toBe('RA_DIGEST_MISMATCH');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    const small = { inputSize: 12, sha256: '', evaluate: () => {} };
    expect(errorOf(() => new Watched({}, { critic: small })).code).toBe('RA_CONFIG_INVALID');
    return { outcome: 'RA_DIGEST_MISMATCH, RA_CONFIG_INVALID' };
  });

  scenario(38, 'a critic that always says 0: the hard limits bound everything all the same', 'gate', () => {
    // The judge on the wire has every limit; what is asked here breaks all of them.
    const rig = moving();
    const random = new SeededRandom(38);
    const think = rig.think.bind(rig);
    rig.think = () => think({ base: Float64Array.from({ length: 4 }, () => random.range(-1.4, 1.4)) });
    rig.critic.risk = () => 0;
    for (let n = 0; n < 3000; n++) {
      for (let i = 0; i < 3; i++) rig.state.wrench[i] = random.range(-14, 14);
      rig.tick();
    }
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.gate.counters.postCheckFailures).toBe(0);
    return { outcome: 'ACTIVE; every command inside every limit' };
  });

  scenario(39, 'a critic that swings around its threshold: at most 5 recoveries an arming, then STOP', 'gate', () => {
    const rig = moving();
    let recoveries = 0;
    const from = rig.nowNs;
    while (rig.gate.mode !== 'STOPPING' && rig.nowNs - from < 60e9) {
      const risky = Math.floor(rig.ticks / 20) % 2 === 0;
      rig.critic.risk = () => (risky ? 0.36 : 0.2);
      const before = rig.gate.mode;
      rig.tick();
      if (rig.gate.mode === 'RECOVERY' && before !== 'RECOVERY') recoveries++;
    }
    expect(rig.path.at(-1)).toBe('STOPPING(recovery_exhausted)');
    expect(recoveries).toBe(5);
    // Every return was by ENGAGING after the dwell, none straight into ACTIVE.
    for (const [i, t] of rig.transitions.entries())
      if (t.to === 'ENGAGING' && t.cause === 'risk_low')
        expect(t.atNs - rig.transitions[i - 1]!.atNs).toBeGreaterThanOrEqual(1e8);
    expect(rig.path.filter((p) => p === 'ACTIVE(risk_low)')).toEqual([]);
    return { outcome: 'RECOVERY × 5; STOPPING(recovery_exhausted)', toSafeMs: 10 };
  });

  scenario(40, 'the recovery is risky too: the same limits, and STOP when risk does not fall in 1.5 s', 'gate', () => {
    const rig = moving();
    const from = rig.nowNs;
    rig.critic.risk = () => 0.9;
    const first = rig.tick()!;
    expect(first).toMatchObject({ mode: 'RECOVERY', source: 'recovery' });
    const toSafeMs = (rig.nowNs - from) / MS;
    while (rig.gate.mode === 'RECOVERY') rig.tick();
    expect(rig.transitions.at(-1)).toMatchObject({ to: 'STOPPING', cause: 'recovery_timeout', limit: 1500 });
    expect(rig.gate.counters.interventionsBy).toMatchObject({ risk: 1 });
    return { outcome: 'RECOVERY(risk) → STOPPING(recovery_timeout)', toSafeMs };
  });
});
