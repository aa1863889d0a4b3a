import { describe, expect, it } from 'vitest';
import { pause, Sim, startDaemon, stepped, type TestDaemon, until } from './harness.ts';

/** Asks until it is accepted; returns why it was not before. */
async function insist({ daemon }: TestDaemon, kind: 'arm' | 'engage'): Promise<string[]> {
  const refusals = new Set<string>();
  for (const end = performance.now() + 30_000; performance.now() < end; await pause(2)) {
    const { accepted, reason, mode } = await daemon.reflex.request({ kind });
    if (accepted) return [...refusals];
    refusals.add(`${mode}: ${reason}`);
  }
  throw new Error(`${kind} was refused for 30 s: ${[...refusals].join('; ')}`);
}

describe('a brain that has just come back', () => {
  it('is not engaged before it has decided: in stepped time nothing would wait for it', async () => {
    const sim = await Sim.start(undefined, ['--seed', '1', '--speed', 'max']);
    const t = await startDaemon(sim.port, stepped);
    const { reflex } = t.daemon;
    const changes: string[] = [];
    reflex.transitions$.subscribe(({ to, cause }) => changes.push(`${to}(${cause})`));
    try {
      await reflex.until((s) => s.linkUp && s.brainDecides && s.mode === 'DISARMED', 30_000);
      process.kill(t.daemon.pids.get('brain')!, 'SIGKILL');
      await reflex.until((s) => !s.brainUp, 20_000);
      changes.length = 0;
      await insist(t, 'arm');
      const refusals = await insist(t, 'engage');
      expect(refusals[0]).toBe('HOLD: not clear: brain_lost: the brain process is gone');
      await until(() => changes.length > 2, 20_000, 'the end of the engagement');
      expect(changes).toEqual(['HOLD(arm)', 'ENGAGING(engage)', 'ACTIVE(engaged)']);
    } finally {
      await t.stop();
      await sim.stop();
    }
  });
});
