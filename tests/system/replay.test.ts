import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EpisodeStatus } from '../../bridges/messages/messages.ts';
import { OperatorScript } from '../../src/cli/operator-script.ts';
import { packageRoot } from '../../src/core/paths.ts';
import type { LadderTransition } from '../../src/core/signals.ts';
import type { Verification } from '../../src/logs/verify.ts';
import { Cable, callTrigger, cli, listen, pause, rosClient, Sim, startDaemon } from './harness.ts';

const EPISODES = 20;
let dir: string;
let log: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-replay-'));
  log = join(dir, 'log.mcap');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Plays episodes with a fault in some of them; the log of it all is at `log`. */
async function record(): Promise<LadderTransition[]> {
  const sim = await Sim.start();
  const cable = await Cable.to(sim.port);
  process.env.NODE_OPTIONS = `--require ${join(packageRoot, 'tests/safety/process/faults.cjs')}`;
  process.env.REFLEXARC_TEST_FAULTS = dir;
  const change = (config: Parameters<NonNullable<Parameters<typeof startDaemon>[1]>>[0]) => {
    // Recoveries at a risk at which the shipped run only watches.
    config.safety.risk.high = 0.12;
    config.safety.risk.low = 0.08;
  };
  const t = await startDaemon(cable.port, change, log).finally(() => {
    delete process.env.NODE_OPTIONS;
    delete process.env.REFLEXARC_TEST_FAULTS;
  });
  const ros = await rosClient(sim.port);
  const seen: LadderTransition[] = [];
  t.daemon.reflex.transitions$.subscribe((x) => seen.push(x));
  const watched = {
    latest: null as EpisodeStatus | null,
    async reset() {
      await callTrigger(ros, '/reset_episode');
    },
  };
  listen<EpisodeStatus>(ros, '/episode', 'reflexarc_msgs/msg/EpisodeStatus', (m) => {
    watched.latest = m;
  });
  const faults: Record<number, () => Promise<void> | void> = {
    4: async () => {
      cable.cut();
      await pause(400);
      cable.restore();
    },
    8: () => void process.kill(t.daemon.pids.get('brain')!, 'SIGKILL'),
    12: () => {
      writeFileSync(join(dir, 'brain'), 'nan');
      process.kill(t.daemon.pids.get('brain')!, 'SIGUSR2');
    },
  };
  try {
    const script = new OperatorScript(t.daemon.reflex, watched, new AbortController().signal);
    for (let n = 0; n < EPISODES; ) {
      const fault = faults[n];
      const episode = script.episode();
      // A busy machine may stop an episode before its fault: then it is played again.
      const active = t.daemon.reflex.until((s) => s.mode === 'ACTIVE', 20_000).then(() => true);
      if (fault === undefined || (await Promise.race([active, episode.then(() => false)]))) {
        await fault?.();
        n++;
      }
      active.catch(() => {});
      await episode;
    }
  } finally {
    ros.close();
    await t.stop();
    cable.close();
    await sim.stop();
  }
  return seen;
}

const verify = async (...more: string[]): Promise<{ code: number | null; v: Verification }> => {
  const { code, stdout } = await cli(['replay', log, '--verify', '--json', ...more]);
  return { code, v: JSON.parse(stdout.trim().split('\n').at(-1)!) as Verification };
};

describe('a run of 20 episodes with a cut link, a killed brain, NaN and recoveries', () => {
  it('is made again to the last bit, twice; with another threshold it says where the first difference is', async () => {
    const seen = await record();
    const causes = seen.filter((x) => x.to === 'STOPPING').map((x) => x.cause);
    expect(causes).toContain('brain_lost');
    expect(causes).toContain('non_finite');
    expect(causes.some((cause) => ['link_changed', 'link_down', 'state_stale'].includes(cause))).toBe(true);
    expect(seen.some((x) => x.to === 'RECOVERY')).toBe(true);

    // Beside one another: they share nothing but the log.
    const again = [verify(), verify()];
    const other = verify('--set', 'safety.force_soft=10');
    for (const one of again) {
      const { code, v } = await one;
      expect(v).toMatchObject({ mismatches: 0, unverified: 0, journal_lost: 0, first_mismatch: null, changes: [] });
      expect(v.commands).toBeGreaterThan(EPISODES * 100);
      expect(v.identical).toBe(v.commands);
      expect(v.decisions_mismatched).toBe(0);
      expect(v.decisions_identical).toBeGreaterThan(EPISODES * 15);
      expect(code).toBe(0);
    }
    const { code, v } = await other;
    expect(code).toBe(1);
    expect(v.first_mismatch).toMatchObject({ what: 'tick', because: 'safety.force_soft: 25 in the log, 10 now' });
  }, 600_000);
});
