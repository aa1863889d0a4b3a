import type { ClosedLoop } from '../logs/in-sim/closed-loop.ts';
import type { EpisodeInSim, InSim } from '../logs/in-sim/in-sim.ts';
import type { Deviation } from '../logs/in-sim/parting.ts';
import { table } from './output.ts';

/** Episodes that are listed; `--json` has all. */
const LISTED = 12;

const fixed = (v: number) => (v === 0 ? '0' : Math.abs(v) < 1e-4 ? v.toExponential(1) : v.toPrecision(3));
const milli = (v: number) => fixed(1000 * v);
const both = ({ rms, max }: Deviation, unit: string, of = fixed) =>
  `RMS ${of(rms)} ${unit}, largest ${of(max)} ${unit}`;

/** How reality and simulation part, as a person reads it. */
export function inSimText(r: InSim): string {
  const count = (of: (one: EpisodeInSim) => boolean | undefined) => r.episodes.filter(of).length;
  const judged = r.episodes.filter((one) => one.logged !== null);
  const starts = [...new Set(r.episodes.map((one) => one.start))].map(
    (start) => `${count((one) => one.start === start)} from ${start}`,
  );
  const rows: [string, string][] = [
    ...r.changes.map((change): [string, string] => ['changed', change]),
    ['episodes', `${r.episodes.length}: ${starts.join('; ')}`],
    ...(judged.length === 0
      ? []
      : [
          [
            'log, simulated',
            `${count((one) => one.logged?.success)}, ${count((one) => one.logged !== null && one.simulated.success)} of ${judged.length} succeeded; ` +
              `${count((one) => one.logged?.violation)}, ${count((one) => one.logged !== null && one.simulated.violation)} with a violation`,
          ] as [string, string],
        ]),
    ['compared', `${r.states} states, ${r.commands} commands`],
    ['tip', both(r.tip_m, 'mm', milli)],
    ['turned', both(r.tip_rad, 'mrad', milli)],
    ['force', both(r.force_n, 'N')],
    ...r.joints.map((joint, j): [string, string] => [r.joint_names[j]!, both(joint, 'mrad', milli)]),
    ...r.at.map(({ at, episodes, joint_rad, tip_m, tip_rad }): [string, string] => [
      at === 'end' ? 'at the end' : `after ${at} s`,
      `tip ${milli(tip_m)} mm, turned ${milli(tip_rad)} mrad, worst joint ${milli(joint_rad)} mrad; RMS of ${episodes} episodes`,
    ]),
  ];
  const listed = r.episodes
    .slice(0, LISTED)
    .map(
      ({ from_s, to_s, seed, logged, simulated, tip_m, force_n }) =>
        `  ${from_s.toFixed(2)} to ${to_s.toFixed(2)} s${seed === null ? '' : `, seed ${seed}`}: tip up to ${milli(tip_m.max)} mm, ` +
        `force up to ${fixed(force_n.max)} N${logged === null ? '' : `; ${logged.phase} in the log, ${simulated.phase} simulated`}`,
    );
  const left = r.episodes.length - listed.length;
  return [table(rows), '', ...listed, ...(left > 0 ? [`  and ${left} more (--json has all)`] : [])].join('\n');
}

/** What the policies would have done, beside what the log says. */
export function closedLoopText({ changes, episodes, logged, again }: ClosedLoop): string {
  const of = logged.episodes;
  const starts = [...new Set(episodes.map((one) => one.start))].map(
    (start) => `${episodes.filter((one) => one.start === start).length} from ${start}`,
  );
  const compared: [string, string][] = [
    ['succeeded', `${logged.successes} of ${of} in the log, ${again.successes} of ${of} again`],
    ['violations', `${logged.violations} in the log, ${again.violations} again`],
    ['steps', `${logged.mean_steps.toFixed(1)} in the log, ${again.mean_steps.toFixed(1)} again; means`],
    [
      'peak force',
      `${logged.mean_max_force.toFixed(1)} N in the log, ${again.mean_max_force.toFixed(1)} N again; means`,
    ],
  ];
  const rows: [string, string][] = [
    ...changes.map((change): [string, string] => ['changed', change]),
    ['episodes', `${episodes.length}: ${starts.join('; ')}`],
    ...(of === 0 ? [['in the log', 'no word of the task on how they went'] as [string, string]] : compared),
  ];
  const listed = episodes.slice(0, LISTED).map(({ from_s, seed, logged: was, again: now }) => {
    const before = was === null ? '' : `${was.phase}, ${was.steps.toFixed(0)} steps in the log; `;
    return (
      `  from ${from_s.toFixed(2)} s${seed === null ? '' : `, seed ${seed}`}: ${before}` +
      `${now.ended}, ${now.steps.toFixed(0)} steps again${now.violation ? ', VIOLATION' : ''}`
    );
  });
  const left = episodes.length - listed.length;
  return [table(rows), '', ...listed, ...(left > 0 ? [`  and ${left} more (--json has all)`] : [])].join('\n');
}
