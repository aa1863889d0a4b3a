import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import { ReflexArcError } from '../../../src/core/errors.ts';

export const ROBOT = `name: arm
joints:
  - name: j1
    position: [-2.7, 2.7]
    velocity: 2.6
    acceleration: 10
    jerk: 5000
    effort: 87
  - name: j2
    position: [-1.7, 1.7]
    velocity: 2.6
    acceleration: 10
    jerk: 5000
    effort: 87
topics: {}
interface:
  type: cartesian_impedance
`;

export const TASK = `name: peg
world:
  model: ../worlds/peg.xml
`;

export const SAFETY = `pose_box:
  min: [0.3, -0.3, 0.0]
  max: [0.7, 0.3, 0.5]
force_soft: 22
force_limit: 30
risk: {}
`;

export const RUN = `name: test
robot: ../robots/arm.yaml
task: ../tasks/peg.yaml
safety: ../safety/arm.yaml
policies:
  base: { type: mlp, path: ../weights/base.safetensors, sha256: ${'a'.repeat(64)} }
  residual:
    type: mlp
    path: ../weights/residual.safetensors
    sha256: ${'b'.repeat(64)}
  critic: { type: mlp, path: ../weights/critic.safetensors, sha256: ${'c'.repeat(64)} }
`;

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A folder with a run that loads, except for what `files` puts in its place (by path in the folder). */
export function runFolder(files: Readonly<Record<string, string>> = {}): { dir: string; run: string } {
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-config-'));
  made.push(dir);
  const all: Record<string, string> = {
    'runs/run.yaml': RUN,
    'robots/arm.yaml': ROBOT,
    'tasks/peg.yaml': TASK,
    'safety/arm.yaml': SAFETY,
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return { dir, run: join(dir, 'runs/run.yaml') };
}

/** The catalogue error that `act` throws; fails when it throws none. */
export function errorOf(act: () => unknown): ReflexArcError {
  try {
    act();
  } catch (error) {
    if (error instanceof ReflexArcError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
