import { describe, expect, it } from 'vitest';
import { twist } from '../../../controllers/interfaces/twist.ts';
import { Echo } from '../../../controllers/safety/echo.ts';
import { Inputs } from '../../../controllers/safety/inputs.ts';
import { SEVERITY } from '../../../controllers/safety/ladder.ts';
import { inputLimits } from '../../../controllers/safety/limits.ts';
import { evaluateRules, makeContext, Verdict } from '../../../controllers/safety/rule.ts';
import { obstacles } from '../../../controllers/safety/rules/obstacles.ts';
import { TwistEnvelope } from '../../../controllers/safety/twist/envelope.ts';
import { MS } from './rig.ts';
import { baseOf, baseSafety } from './twist/base.ts';

const NOW = 5000 * MS;
const FRONT = { type: 'scan', topic: '/front', beams: 8, age_ms: 300 };
const REAR = { type: 'range', topic: '/rear', beams: 1, age_ms: 100 };

/** What the rule says of sensors whose newest good readings are so many ms old; ∞: there was none. */
function judged(ages: number[], ranging: object[] = [FRONT, REAR]) {
  const robot = baseOf({}, { ranging });
  const safety = baseSafety({}, ranging.length === 0 ? { off: ['obstacles'] } : {});
  const iface = twist(robot);
  const envelope = new TwistEnvelope(safety, robot, iface);
  const rule = obstacles.create({}, { safety, robot, interface: iface, envelope });
  const inputs = new Inputs(inputLimits(safety, robot, 3));
  const { state, force, target } = inputs;
  const context = makeContext(inputs, new Echo(3), {
    ...{ last: new Float64Array(3), state, force, target, elapsed: 0, nowNs: NOW },
  });
  context.nowNs = NOW;
  for (const [i, age] of ages.entries()) inputs.ranging.receivedNs[i] = NOW - age * MS;
  const verdict = new Verdict();
  evaluateRules([rule], context, verdict);
  const { severity, cause, value, limit, sentence } = verdict;
  return { severity, cause, value, limit, sentence };
}
const PASSED = { severity: SEVERITY.pass, cause: '', value: 0, limit: 0, sentence: '' };
const stale = (value: number, limit: number, sentence: string) => ({
  ...{ severity: SEVERITY.stop, cause: 'obstacles_stale', value, limit, sentence },
});

describe('a base that does not see may not move', () => {
  it.each([
    ['sees all around', [0, 0]],
    ['has readings as old as each may be', [300, 100]],
    ['has readings from a moment after the tick began', [-1, -1]],
  ])('it may while it %s', (_name, ages) => {
    expect(judged(ages)).toEqual(PASSED);
  });

  it.each<[string, number[], number, number, string]>([
    ['its scanner is silent', [301, 0], 301, 300, 'newest good reading of /front is 301 ms old, allowed 300 ms'],
    ['its other sensor is', [0, 101], 101, 100, 'newest good reading of /rear is 101 ms old, allowed 100 ms'],
    [
      'both are: the one that is more overdue is named, here by 60 ms',
      [350, 160],
      160,
      100,
      'newest good reading of /rear is 160 ms old, allowed 100 ms',
    ],
    ['and here by 70 ms', [370, 160], 370, 300, 'newest good reading of /front is 370 ms old, allowed 300 ms'],
    [
      'of two that are as much overdue the last is named',
      [350, 150],
      150,
      100,
      'newest good reading of /rear is 150 ms old, allowed 100 ms',
    ],
  ])('it stops when %s', (_name, ages, value, limit, sentence) => {
    expect(judged(ages)).toEqual(stale(value, limit, sentence));
  });

  it.each([
    ['never said anything', Number.POSITIVE_INFINITY],
    ['has an age that is no number', Number.NaN],
  ])('it stops when a sensor %s', (_name, age) => {
    for (const [ages, limit] of [
      [[age, 0], 300],
      [[0, age], 100],
    ] as const) {
      const said = judged([...ages]);
      expect([said.severity, said.cause, said.value, said.limit]).toEqual([
        SEVERITY.stop,
        'obstacles_stale',
        age,
        limit,
      ]);
    }
  });

  it('a base without sensors, by choice, is not judged', () => {
    expect(judged([], [])).toEqual(PASSED);
  });

  it('the rule is declared as it is documented', () => {
    const robot = baseOf();
    const safety = baseSafety();
    const iface = twist(robot);
    const envelope = new TwistEnvelope(safety, robot, iface);
    expect(obstacles.create({}, { safety, robot, interface: iface, envelope })).toMatchObject({
      name: 'obstacles',
      cause: 'obstacles_stale',
      action: 'stop',
      clears: 'latched',
      says: 'newest good reading of a ranging sensor is {value} ms old, allowed {limit} ms',
    });
  });
});
