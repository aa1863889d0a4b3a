import type { RunConfig } from '../../../core/config-schema.ts';
import { type Aim, judge } from '../aims.ts';
import { type BenchOptions, type Outcome, type Row, rowOf } from '../rows.ts';
import { RELAY_RATIO, ratio } from './aims.ts';
import { numberOf, Robot, type RobotServer } from './robot.ts';
import { SUBJECTS } from './subjects.ts';
import { inTurns, RATES, ROUNDS, statesOf } from './turns.ts';

/** Who serves the robot's states, and who hears them and commands. */
interface Ends {
  readonly subject: string;
  readonly server: RobotServer;
  readonly client: keyof typeof SUBJECTS;
}
const ENDS: readonly Ends[] = [
  { subject: 'ours', server: 'ours', client: 'ws' },
  { subject: 'ours at both ends', server: 'ours', client: 'ours' },
  { subject: "ours, roslib's defaults", server: 'ours', client: 'roslib' },
  { subject: 'ws', server: 'ws', client: 'ws' },
];
const caseOf = (hz: number) => `server, state to command at ${hz} Hz`;

/**
 * Our server closed-loop: a state goes out from it, and the command that answers comes back to it, by way of a bare client, of our own, and
 * of roslib; beside a bare `ws` echo, which is a bare server with a bare client.
 */
export async function benchLoop(_config: RunConfig, { samples = ROUNDS }: BenchOptions): Promise<Outcome> {
  const robots = { ours: await Robot.start('ours'), ws: await Robot.start('ws') };
  try {
    const rows: Row[] = [];
    for (const hz of RATES) {
      const all = await inTurns(ENDS, samples, ({ server, client }) => turn(robots[server], client, hz, samples));
      for (const [{ subject }, ms] of all) rows.push(rowOf(caseOf(hz), subject, 'ms', ms));
    }
    const aims = RATES.map(
      (hz): Aim => ({
        ...{ what: `${caseOf(hz)}, p50`, value: ratio(rows, caseOf(hz), 'ws') },
        ...{ unit: 'times a bare ws echo', atMost: RELAY_RATIO },
      }),
    );
    return { results: rows, ...judge(aims, samples >= ROUNDS) };
  } finally {
    await robots.ours.close();
    await robots.ws.close();
  }
}

async function turn(robot: Robot, client: keyof typeof SUBJECTS, hz: number, rounds: number): Promise<number[]> {
  await robot.forget();
  const subject = await SUBJECTS[client](robot.url);
  try {
    subject.onState = (message) => subject.command(numberOf(message));
    await robot.ready();
    return await robot.pace(hz, statesOf(hz, rounds));
  } finally {
    await subject.close();
  }
}
