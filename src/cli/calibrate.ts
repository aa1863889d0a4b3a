import { writeFileSync } from 'node:fs';
import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import { loadRun } from '../core/config/load.ts';
import { shown } from '../core/config/source.ts';
import { worldOf } from '../core/task-world.ts';
import { noResidual } from '../learning/demonstrations.ts';
import {
  calibrate,
  discountedDanger,
  falseInterventions,
  violationsNeeded,
  warning,
} from '../learning/judging/calibration.ts';
import { reliability } from '../learning/judging/reliability.ts';
import { reliabilityPage } from '../learning/judging/reliability-page.ts';
import { RISK_DEFAULTS } from '../learning/risk.ts';
import { expertShadows, shadowEpisodes } from '../learning/shadow.ts';
import { LiveLine, table } from './output.ts';

export interface CalibrateOptions {
  episodes?: number;
  expertEpisodes?: number;
  seed?: number;
  without?: 'residual'[];
  /** Share of violations that may come without a warning. */
  missed: number;
  confidence: number;
  /** How long before the violation a warning has to come, ms. */
  leadMs: number;
  html?: string;
  json?: boolean;
  set: string[];
}

const EPISODES = 300;
const EXPERT_EPISODES = 60;
/** Episodes that no training has seen: above all of its seeds. */
const HELD_OUT = 4_000_000;
/** Shares that are told beside the one asked for. */
const SHARES = [0.05, 0.1, 0.2, 0.3, 0.5];

const percent = (v: number) => `${(100 * v).toFixed(1)} %`;

/**
 * `reflexarc calibrate`: a threshold of the risk critic with a guarantee, from held-out episodes in which it is asked and not
 * heeded; what it costs on an expert; and how well its risks fit what came. Returns the exit code: 1 where there is no threshold.
 */
export async function calibrateRun(file: string, options: CalibrateOptions): Promise<number> {
  const { config } = loadRun(file, options.set);
  const { episodes = EPISODES, expertEpisodes = EXPERT_EPISODES, without = [], missed, confidence, leadMs } = options;
  const critic = createCritic(config.policies.critic);
  const base = createBase(config.policies.base);
  const residual = without.includes('residual') ? noResidual : createResidual(config.policies.residual);
  const stream = options.json ? process.stderr : process.stdout;
  const live = new LiveLine(stream);
  const seed = HELD_OUT + (options.seed ?? config.seed) * 10_000;
  const told = (who: string, of: number) => (done: number) => live.show(`${who} ${done}/${of}`);
  const policy = await shadowEpisodes(
    config,
    { base, residual, critic },
    { episodes, seed, onEpisode: told('episode', episodes) },
  );
  const expert = await expertShadows(config, critic, {
    ...{ episodes: expertEpisodes, seed, onEpisode: told('expert', expertEpisodes) },
  });
  live.done();

  const { state_hz: hz } = worldOf(config.task);
  const lead = Math.ceil((leadMs / 1000) * hz);
  const violating = policy.filter((e) => e.violationAt >= 0);
  const warnings = violating.map((e) => warning(e, lead));
  const at = (share: number) => {
    const calibrated = calibrate(warnings, { missed: share, confidence });
    if (calibrated === null) return { missed: share, threshold: null };
    const costs = (who: typeof policy) => falseInterventions(who, calibrated.threshold);
    return { ...calibrated, expert: costs(expert), policy: costs(policy) };
  };
  const found = at(missed);
  const alternatives = SHARES.map(at);
  const gamma = RISK_DEFAULTS.gamma ** (config.task.decision_hz / hz);
  const rows = policy.flatMap((e) => {
    const came = discountedDanger(e, gamma);
    return e.risks.map((risk, t) => [risk, came[t]!] as const);
  });
  const fit = reliability(
    rows.map(([said]) => said),
    rows.map(([, came]) => came),
  );
  if (options.html !== undefined) writeFileSync(options.html, reliabilityPage(config.name, fit, rows.length));

  const needed = violationsNeeded({ missed, confidence });
  const lines: [string, string][] = [
    ['episodes', `${episodes}, ${violating.length} with a violation`],
    [
      'threshold',
      found.threshold === null ? nothing(violating.length, needed) : `safety.risk.high: ${found.threshold}`,
    ],
    [
      'guarantee',
      `at most ${percent(missed)} of violations like these without a warning ${leadMs} ms before, with ${percent(confidence)} confidence`,
    ],
    ...alternatives.map((a): [string, string] => [
      `missed ≤ ${percent(a.missed)}`,
      a.threshold === null
        ? 'no threshold'
        : `risk > ${a.threshold}: alarms in ${percent(a.expert.share)} of the expert's episodes, ${percent(a.policy.share)} of the policy's calm ones`,
    ]),
    [
      'reliability',
      `calibration error ${fit.ece.toFixed(4)}, worst bin ${fit.worst.toFixed(3)}, over ${rows.length} ticks`,
    ],
    ...(options.html === undefined ? [] : [['diagram', shown(options.html)] as [string, string]]),
  ];
  stream.write(`${table(lines)}\n`);
  if (options.json) {
    const guarantee = { missed, confidence, lead_ms: leadMs, violations: violating.length, needed };
    process.stdout.write(`${JSON.stringify({ episodes, ...guarantee, ...found, alternatives, reliability: fit })}\n`);
  }
  return found.threshold === null ? 1 : 0;
}

const nothing = (violations: number, needed: number) =>
  violations < needed
    ? `none: ${needed} violations are needed. More --episodes, or --without residual, which breaks limits more often`
    : 'none: too many violations came without any warning of this critic';
