import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Receiver } from '../../../bridges/mujoco/receiver.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import { needs } from '../../interop/peers.ts';
import { command } from '../mujoco/rig.ts';

const HERE = join(packageRoot, 'tests/bridges/receivers');
const CASES = Number(process.env.FC_RUNS ?? 300);

/** Empty, or why there is no Python to run them with. */
function missing(): string {
  try {
    execFileSync('python3', ['-c', ''], { stdio: 'pipe' });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

type Act =
  | ['wait', ms: number]
  | ['receive', epoch: unknown, seq: unknown, leaseMs: unknown, values: unknown[]]
  | ['stop', epoch: unknown, reason: unknown]
  | ['release'];

const GOOD = [0.5, 0, 0.1, 1, 0, 0, 0, 2000, 150];
const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, null, '1', true, -1, 1.5, 2 ** 53);
const count = (max: number) => fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max }) }, odd);
const values = fc.oneof(
  { weight: 6, arbitrary: fc.constant(GOOD as unknown[]) },
  fc
    .tuple(fc.nat(8), fc.oneof(odd, fc.constant(-5), fc.constant(6000), fc.constant(0.999_5)))
    .map(([at, v]) => GOOD.with(at, v as number)),
);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant('receive' as const),
      count(4),
      count(6),
      fc.oneof({ weight: 6, arbitrary: fc.constant(100) }, fc.constantFrom(50, 0, 1e6), odd),
      values,
    ),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constant('wait' as const), fc.constantFrom(10.3, 49.3, 50.3, 99.3, 100.3)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('stop' as const), count(4), fc.constantFrom('person', '', null, 7)) },
  { weight: 1, arbitrary: fc.constant(['release'] as ['release']) },
);

/** What the receiver in TypeScript makes of it. No waits add up to the very end of a lease, where seconds and ns round apart. */
function play(acts: readonly Act[]): unknown[] {
  const receiver = new Receiver(100);
  let nowMs = 0;
  return acts.map((a) => {
    let said: string | boolean = '';
    if (a[0] === 'wait') {
      nowMs += a[1];
      said = receiver.watch(nowMs * 1e6);
    } else if (a[0] === 'receive') {
      const [, epoch, seq, lease_ms, v] = a;
      said = receiver.receive(command(1, 1, v as number[], { epoch, seq, lease_ms } as never), nowMs * 1e6);
    } else if (a[0] === 'stop') receiver.stop({ epoch: a[1], reason: a[2] } as never);
    else receiver.release();
    const { command_age_ms, ...status } = receiver.status(nowMs * 1e6);
    return [said, { ...status, command_age_ms: command_age_ms.toFixed(3) }];
  });
}

const spelt = (_key: string, v: unknown) =>
  typeof v === 'number' && !Number.isFinite(v) ? { number: Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf' } : v;

describe('the reference receivers', () => {
  const why = missing();

  it("keep their contract: Python's own tests of it and of the nodes", (context) => {
    needs(context, 'pypi', 'python3', why);
    const tests = execFileSync('python3', ['-m', 'unittest', 'test_contract', 'test_ros2_node'], {
      ...{ cwd: HERE, encoding: 'utf8', stdio: 'pipe' },
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect(tests).toBe('');
  });

  it('and the simulated robot give the same answers to any script', (context) => {
    needs(context, 'pypi', 'python3', why);
    const scripts = fc.sample(fc.array(act, { minLength: 5, maxLength: 30 }), { numRuns: CASES, seed: 20_261_125 });
    const answers = execFileSync('python3', [join(HERE, 'contract_peer.py')], {
      input: scripts.map((acts) => JSON.stringify(acts, spelt)).join('\n'),
      ...{ encoding: 'utf8', maxBuffer: 1e9 },
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    const theirs = answers
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as [unknown, { command_age_ms: number }][]);
    expect(theirs).toHaveLength(scripts.length);
    const said = new Map<unknown, number>();
    for (const [i, acts] of scripts.entries()) {
      const rounded = theirs[i]!.map(([word, s]) => [word, { ...s, command_age_ms: s.command_age_ms.toFixed(3) }]);
      expect([acts, rounded]).toEqual([acts, play(acts)]);
      for (const [word] of theirs[i]!) said.set(word, (said.get(word) ?? 0) + 1);
    }
    // It is worth something only if every answer came up.
    for (const word of ['', 'malformed', 'no lease', 'too stiff', 'old epoch', 'old sequence', 'held', 'stopped', true])
      expect([word, said.get(word)]).toEqual([word, expect.any(Number)]);
  });

  it('import ROS in the nodes alone: the contract and what it makes of messages need nothing', () => {
    const imports = (file: string) =>
      [...readFileSync(join(packageRoot, 'bridges/receivers', file), 'utf8').matchAll(/^(?:import|from) (\w+)/gm)].map(
        ([, name]) => name,
      );
    expect(imports('contract.py')).toEqual(['math']);
    expect(imports('kinds.py')).toEqual(['contract']);
  });
});
