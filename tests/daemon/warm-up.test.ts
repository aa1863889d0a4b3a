import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandInterface, INTERFACES } from '../../controllers/interfaces/index.ts';
import type { RiskCritic } from '../../policies/policy.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { type RunConfig, robotSchema } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { warmUp } from '../../src/daemon/warm-up.ts';

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);

function critic(inputSize: number, risk: number): RiskCritic & { rows: number } {
  const made = {
    inputSize,
    sha256: '',
    rows: 0,
    evaluate: (_inputs: Float64Array, count: number, risks: Float64Array) => {
      made.rows += count;
      risks.fill(risk, 0, count);
    },
  };
  return made;
}

const BASE = { sources: ['odom'], joints: [], ranging: [{ type: 'scan', topic: '/scan' }] };
const withInterface = (type: string): RunConfig => ({
  ...config,
  robot: robotSchema.parse({
    ...{ ...config.robot, ...(type === 'twist' ? BASE : {}) },
    interface: type === 'twist' ? { type, footprint: { radius: 0.3 } } : { type },
  }),
});

describe('warm-up', () => {
  it.each(Object.keys(INTERFACES))('goes through whole ticks in ACTIVE with %s', (type) => {
    const run = withInterface(type);
    const iface = commandInterface(run.robot);
    const judged = critic(iface.riskInputSize, 0);
    const { ticks, active } = warmUp(run, iface, judged, 1000);
    expect(ticks).toBe(1000);
    expect(active).toBeGreaterThan(900);
    expect(judged.rows).toBeGreaterThan(900);
  });

  it('ends also when the critic sees a risk everywhere', () => {
    const iface = commandInterface(config.robot);
    const { ticks, active } = warmUp(config, iface, critic(iface.riskInputSize, 1), 1200);
    expect(ticks).toBe(1200);
    expect(active).toBeLessThan(600);
  });
});
