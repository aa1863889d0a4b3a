import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLog } from '../../bridges/mcap/reader.ts';
import { loadRun } from '../../src/core/config/load.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { clamp } from '../../src/core/geometry.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { loggedConfig } from '../../src/logs/log-config.ts';
import { type LoggedDecision, type LoggedTick, TOPIC } from '../../src/logs/topics.ts';
import { transitionsOf } from '../../src/practice/episode.ts';
import { episodesOfLogs } from '../../src/practice/logged-episodes.ts';
import { LoggedRun } from '../logs/logged-run.ts';

const EXAMPLE = join(packageRoot, 'configs/examples/peg.mcap');
const dir = mkdtempSync(join(tmpdir(), 'reflexarc-logged-episodes-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const shipped = (): RunConfig => loadRun(join(packageRoot, 'configs/runs/peg.yaml')).config;
let own: RunConfig;
beforeAll(async () => {
  own = (await loggedConfig(EXAMPLE))!;
});

describe('the episodes of a log', () => {
  it('end as the task and the ladder say: two that succeeded, and one in which the brain was killed', async () => {
    const { episodes, unused } = await episodesOfLogs([EXAMPLE], own);
    expect(unused).toEqual([]);
    expect(
      episodes.map(({ id, ended, success, terminated, truncated }) => [id, ended, success, terminated, truncated]),
    ).toEqual([
      ['log-1', 'success', true, true, false],
      ['log-2', 'errored', false, false, true],
      ['log-3', 'success', true, true, false],
    ]);
    // One reward, in the last step of a success.
    expect(episodes.map(({ reward }) => [reward.reduce((a, b) => a + b), reward.at(-1)])).toEqual([
      [1, 1],
      [0, 0],
      [1, 1],
    ]);
  });

  it('hold each decision that a tick acted on, once and in order, and what was wanted bit for bit', async () => {
    const decisions = new Map<number, LoggedDecision>();
    const acted: number[] = [];
    for await (const { topic, message } of readLog(EXAMPLE)) {
      // The brain that was killed counted from 1 again: the first of a number is of the first episode.
      if (topic === TOPIC.decision && !decisions.has(Number(message.seq)))
        decisions.set(Number(message.seq), message as unknown as LoggedDecision);
      const tick = message as unknown as LoggedTick;
      if (topic !== TOPIC.tick || !['policy', 'recovery', 'takeover', 'hold'].includes(tick.source)) continue;
      if (['ACTIVE', 'ENGAGING', 'RECOVERY'].includes(tick.mode)) acted.push(Number(tick.decision_seq));
    }
    const { episodes } = await episodesOfLogs([EXAMPLE], own);
    const [first] = episodes;
    const [o, a] = [first!.observation.length / (first!.reward.length + 1), 4];
    const wanted = [...new Set(acted)].filter((seq) => seq >= 0).slice(0, first!.reward.length);
    const steps = [...transitionsOf(first!, { observationSize: o, actionSize: a })];
    expect(steps.length).toBe(wanted.length);
    for (const [k, seq] of wanted.entries()) {
      const { observation_residual, base, residual } = decisions.get(seq)!;
      expect([...steps[k]!.base]).toEqual([...base]);
      expect([...steps[k]!.observation]).toEqual([...observation_residual]);
      expect([...steps[k]!.proposed]).toEqual(
        [...base].map((b, i) => (residual[i] === 0 ? b : clamp(b + residual[i]!, -1, 1))),
      );
      if (steps[k]!.intervened === 'none') expect([...steps[k]!.executed]).toEqual([...steps[k]!.proposed]);
    }
  });

  it('of a run with other limits are refused, and the limits named', async () => {
    await expect(episodesOfLogs([EXAMPLE], shipped())).rejects.toMatchObject({
      ...{ code: 'RA_USAGE' },
      seen: expect.stringMatching(
        /safety\.risk\.high: 0\.1 in the log, 0\.3 now; safety\.risk\.low: 0\.05 in the log, 0\.2 now$/,
      ),
    });
  });

  it('in which the task never says how it ended are refused', async () => {
    const path = join(dir, 'silent.mcap');
    await LoggedRun.record(path, shipped(), { seconds: 1 });
    await expect(episodesOfLogs([path], shipped())).rejects.toMatchObject({
      ...{ code: 'RA_USAGE', seen: expect.stringContaining(`no message on ${own.task.episode_topic}`) },
    });
  });

  it('of a robot whose commands are no actions are refused', async () => {
    const config = structuredClone(own);
    config.robot.interface = { type: 'joint_velocity' } as never;
    await expect(episodesOfLogs([EXAMPLE], config)).rejects.toMatchObject({
      seen: 'robot.interface.type: joint_velocity',
    });
  });

  it('of a damaged log are not half of it', async () => {
    const path = join(dir, 'cut.mcap');
    const bytes = readFileSync(EXAMPLE);
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    await expect(episodesOfLogs([path], own)).rejects.toMatchObject({ code: 'RA_LOG_DAMAGED' });
  });
});
