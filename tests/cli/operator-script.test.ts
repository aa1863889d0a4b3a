import { BehaviorSubject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { type EpisodeStatus, timeFromNs } from '../../bridges/messages/messages.ts';
import { type EpisodeSource, OperatorScript } from '../../src/cli/operator-script.ts';
import type { Mode } from '../../src/core/signals.ts';
import type { ReflexClient } from '../../src/daemon/operator.ts';
import type { Status } from '../../src/daemon/wire.ts';

const PERIOD_NS = 10e6;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A reflex that does as it is asked, and hears of the robot when the test says so. */
class Reflex {
  readonly asked: string[] = [];
  readonly status$ = new BehaviorSubject<Status>({
    ...{ mode: 'DISARMED', cause: '', incident: 0, linkUp: true, brainDecides: true, stateStampNs: 0 },
  } as Status);

  async request({ kind }: { kind: string }): Promise<{ accepted: boolean; mode: Mode }> {
    this.asked.push(kind);
    const mode = { arm: 'HOLD', engage: 'ACTIVE', disengage: 'STOPPED' }[kind] as Mode;
    this.#tell({ mode });
    return { accepted: true, mode };
  }

  /** So many states, the last of them with this stamp; between them the timer ticks on the one that is known. */
  measures(count: number, lastNs: number): void {
    for (let n = count - 1; n >= 0; n--)
      for (let tick = 0; tick < 3; tick++) this.#tell({ stateStampNs: lastNs - n * PERIOD_NS });
  }

  #tell(news: Partial<Status>): void {
    this.status$.next({ ...this.status$.value, ...news });
  }
}

function source(words: EpisodeStatus[]): EpisodeSource & { latest: EpisodeStatus | null } {
  return {
    latest: null,
    async reset() {
      const next = words.shift();
      if (next !== undefined) this.latest = next;
    },
  };
}
const word = (episode: number, ns: number, phase = 'running') =>
  ({ header: { stamp: timeFromNs(ns), frame_id: '' }, episode, phase }) as EpisodeStatus;

function play(robot: EpisodeSource): { reflex: Reflex; abort: AbortController; ended: Promise<{ ended: string }> } {
  const reflex = new Reflex();
  const abort = new AbortController();
  return { reflex, abort, ended: new OperatorScript(reflex as unknown as ReflexClient, robot, abort.signal).episode() };
}

describe('the operator’s script', () => {
  it('arms once the reflex has measured where the new episode begins, however late it hears of it', async () => {
    const robot = source([word(4, 2e9)]);
    robot.latest = word(3, 1e9, 'timeout');
    const { reflex, ended } = play(robot);
    await pause(30);
    // States from before, however many, and the first few from after.
    reflex.measures(20, 2e9);
    reflex.measures(4, 2e9 + 4 * PERIOD_NS);
    await pause(30);
    expect(reflex.asked).toEqual([]);
    reflex.measures(1, 2e9 + 5 * PERIOD_NS);
    await vi.waitFor(() => expect(reflex.asked).toEqual(['arm', 'engage']), 5000);
    robot.latest = word(4, 3e9, 'success');
    expect(await ended).toMatchObject({ ended: 'success' });
  });

  it('takes no word on the episode before for one on the new', async () => {
    const robot = source([]);
    const { reflex, ended } = play(robot);
    // The first that is heard at all; and again, after the robot was asked for another.
    for (const ns of [1e9, 2e9]) {
      robot.latest = word(3, ns);
      reflex.measures(20, ns + 20 * PERIOD_NS);
      await pause(20);
    }
    expect(reflex.asked).toEqual([]);
    robot.latest = word(4, 3e9);
    let ns = 3e9;
    const moves = setInterval(() => {
      ns += PERIOD_NS;
      reflex.measures(1, ns);
    }, 1);
    await vi.waitFor(() => expect(reflex.asked).toEqual(['arm', 'engage']), 5000).finally(() => clearInterval(moves));
    robot.latest = word(4, 4e9, 'timeout');
    expect(await ended).toMatchObject({ ended: 'timeout' });
  });

  it('is ended while it waits', async () => {
    const robot = source([word(4, 2e9)]);
    robot.latest = word(3, 1e9, 'timeout');
    const { reflex, abort, ended } = play(robot);
    await pause(20);
    abort.abort();
    expect(await ended).toMatchObject({ ended: 'interrupted' });
    expect(reflex.asked).toEqual([]);
  });
});
