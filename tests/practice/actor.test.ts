import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { zeroResidual } from '../../policies/residual/zero.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { practiceSchema } from '../../src/core/practice-schema.ts';
import { makeRobotState } from '../../src/core/signals.ts';
import { Actor, type Preparation } from '../../src/practice/actor.ts';
import { ActorMemory } from '../../src/practice/actor-memory.ts';
import { EpisodeFolder } from '../../src/practice/episode-folder.ts';
import { HeldOutMoments } from '../../src/practice/held-out.ts';
import { decode, type MessageOf } from '../../src/practice/protocol.ts';
import { weightsFrom } from '../../src/practice/vetting.ts';

let dir: string;
let count = 0;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-actor-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
const SIZES = { observationSize: 9, actionSize: 4 };
const SHIPPED = readFileSync(join(packageRoot, 'policies/trained/peg/residual.safetensors'));
const DIGEST = createHash('sha256').update(SHIPPED).digest('hex');
const EXPLORATION = { uniform: 0.2, normal: 0 };

/** An actor with a critic that calls every action as risky as `risk` says, and a brain that takes what it is told. */
function made(set: Record<string, unknown> = {}, folder = join(dir, `a${count++}`), risk = { value: 0.1 }) {
  const memory = new ActorMemory(folder);
  const spool = new EpisodeFolder(join(folder, 'spool'));
  const kinematics = commandInterface(config.robot);
  const critic = {
    ...{ inputSize: 13, sha256: '' },
    evaluate: (_rows: Float64Array, _count: number, out: Float64Array) => void out.fill(risk.value),
  };
  const told: Preparation[] = [];
  /** Why the brain does not take what it is told. */
  const busy = { why: '' };
  const verdicts: unknown[][] = [];
  const said: string[] = [];
  const asked: string[] = [];
  const configured = zeroResidual.create({ type: 'zero', observation_size: 9, action_size: 4 }, undefined);
  const actor = new Actor({
    ...{ config, practice: practiceSchema.parse({ held_out_every: 3, block: 5, ...set }), sizes: SIZES, memory, spool },
    heldOut: new HeldOutMoments(7, kinematics, critic),
    progress: null,
    load: (v) => (v.version === 0 ? configured : weightsFrom(memory.fileOf(v), v.sha256, SIZES)),
    prepare(preparation) {
      told.push(preparation);
      actor.brainIsReady(preparation, busy.why);
    },
    disengage: () => void asked.push('disengage'),
    spooled: () => {},
    verdict: (...verdict) => void verdicts.push(verdict),
    say: (_level, what) => void said.push(what),
    after(ms, what) {
      const timer = setTimeout(what, ms);
      return () => clearTimeout(timer);
    },
  });
  actor.welcome({ kind: 'welcome', protocol: '', run: 'one', steps: 0, episodes: 0, exploration: EXPLORATION });
  actor.brainIsHere();
  /** Decisions come at 20 Hz. */
  let slots = 0;
  const stamp = () => slots * 50e6;
  let seq = 0;
  const tick = (mode: 'HOLD' | 'ACTIVE', decisionSeq: number) => {
    const setpoint = Float64Array.of(0.5, 0, 0.1, 0, 0, 0, 1, 2000, 150);
    const source = mode === 'ACTIVE' ? ('policy' as const) : ('hold' as const);
    const at = { epoch: 1, sent: true, residualFraction: 1, stateStampNs: stamp() };
    actor.ticked({ ...at, mode, source, decisionSeq, setpoint }, [0.5, 0, 0.1]);
  };
  const decide = () => {
    slots++;
    const state = makeRobotState(7);
    state.stampNs = stamp();
    actor.state(state);
    const [base, residual] = [new Float64Array(4), Float64Array.of(0.1, 0, 0, 0)];
    const step = { seq: ++seq, epoch: 1, stampNs: stamp(), base, residual, observation: new Float64Array(9) };
    actor.decided(step, new Float64Array(7));
  };
  const goOn = (decisions: number) => {
    for (let k = 0; k < decisions; k++) {
      tick('ACTIVE', -1);
      decide();
      tick('ACTIVE', seq);
    }
  };
  const begin = (decisions = 3) => {
    tick('HOLD', -1);
    actor.task(stamp(), 'running', false);
    tick('HOLD', -1);
    goOn(decisions);
  };
  /** A whole episode. */
  const episode = (phase: 'success' | 'timeout', decisions = 3) => {
    begin(decisions);
    slots++;
    actor.task(stamp(), phase, false);
    decide();
    tick('HOLD', -1);
    actor.ladder({ to: 'DISARMED', cause: 'reset' });
  };
  const spooled = () => spool.ids.map((id) => decode(readOf(spool, id)) as MessageOf<'episode'>);
  return { actor, memory, spool, spooled, told, verdicts, said, asked, begin, goOn, episode, folder, risk, busy };
}
function readOf(spool: EpisodeFolder, id: string): Buffer {
  for (let e = spool.from(0); e; e = spool.from(e.index + 1)) if (e.id === id) return e.read();
  throw new Error(id);
}
const weights = (version: number, over: Partial<MessageOf<'weights'>> = {}): MessageOf<'weights'> => ({
  ...{ kind: 'weights', version, sha256: DIGEST, exploration: { uniform: 0, normal: 0.1 }, bytes: SHIPPED },
  ...over,
});

describe('an actor whose disk is full', () => {
  it('loses the episodes that there is no room for, counts them, says so once, and goes on', () => {
    const { actor, episode, folder, said, spool } = made();
    const { session } = JSON.parse(readFileSync(join(folder, 'actor.json'), 'utf8')) as { session: string };
    // The first is held out. These two find no room, by the kernel's own ENOSPC.
    for (const [at, n] of [2, 3].entries())
      symlinkSync('/dev/full', join(folder, `spool/0000000${at}-${session}-00000${n}.cbor.new`));
    for (let n = 1; n <= 5; n++) episode('success');
    expect(actor.counts).toMatchObject({ episodes: 5, heldOut: 2, dropped: 2 });
    expect(spool.ids).toEqual([`${session}-000005`]);
    expect(said.filter((what) => what.includes('the disk'))).toEqual([
      'the disk is full: no room for episodes; they are let go',
      'the disk has room for episodes again',
    ]);
  });
});

describe('the actor', () => {
  it('spools episodes with their labels, keeps one in three from the learner, and explores in the others', () => {
    const { episode, spooled, actor, told, asked } = made();
    for (const phase of ['timeout', 'success', 'timeout', 'success'] as const) episode(phase);
    expect(spooled().map((e) => [e.ended, e.terminated, e.success, e.version, [...e.reward]])).toEqual([
      ['success', true, true, 0, [0, 0, 1]],
      ['timeout', false, false, 0, [0, 0, 0]],
    ]);
    expect(actor.counts).toMatchObject({ episodes: 4, heldOut: 2, successes: 2 });
    const noise = new Map(told.map((p) => [p.episode, p.exploration.uniform]));
    expect([...noise]).toEqual([
      [0, 0],
      [1, 0.2],
      [2, 0.2],
      [3, 0],
      [4, 0.2],
    ]);
    expect(asked).toHaveLength(4);
  });

  it('takes weights when there is enough to judge them by, and tells the brain between two episodes', () => {
    const { actor, memory, episode, begin, verdicts, told, spooled } = made();
    actor.weights(weights(8));
    expect(verdicts).toEqual([]);
    episode('timeout', 60);
    expect(verdicts).toEqual([[8, 'accepted', expect.stringMatching(/mean risk 0\.1000/)]]);
    expect(told.at(-1)).toMatchObject({ episode: 1, version: 8, path: memory.fileOf(memory.current), sha256: DIGEST });
    begin();
    actor.weights(weights(16));
    // Not in the middle of one.
    expect([verdicts.length, memory.current.version]).toEqual([1, 8]);
    actor.ladder({ to: 'STOPPING', cause: 'force_limit' });
    episode('success');
    expect(verdicts.map(([version]) => version)).toEqual([8, 16]);
    expect(spooled().map((e) => [e.ended, e.version])).toEqual([
      ['crashed', 8],
      ['success', 8],
    ]);
  });

  it.each([
    ['other bytes than announced', { sha256: 'f'.repeat(64) }, /SHA-256/],
    [
      'bytes that are no network',
      { bytes: Buffer.from('nonsense'), sha256: createHash('sha256').update('nonsense').digest('hex') },
      /RA_WEIGHTS/,
    ],
  ])('refuses %s, and goes on with what it has', (_what, over, why) => {
    const { actor, episode, verdicts, told, memory } = made();
    episode('timeout', 60);
    actor.weights(weights(8, over));
    expect(verdicts).toEqual([[8, 'refused', expect.stringMatching(why)]]);
    expect(memory.current.version).toBe(0);
    expect(told.every((p) => p.version === 0)).toBe(true);
  });

  it('goes back when episodes are worse, and does not take that version again', () => {
    const { actor, episode, verdicts, memory, told } = made();
    actor.weights(weights(8));
    episode('timeout', 60);
    // Five that succeed are the best block; then version 16 does nothing right.
    for (let k = 0; k < 9; k++) episode('success');
    actor.weights(weights(16));
    expect(memory.current.version).toBe(16);
    for (let k = 0; k < 5; k++) episode('timeout');
    expect(verdicts.at(-1)).toEqual([16, 'rolled_back', expect.stringMatching(/^0 successes in 5 episodes/)]);
    expect(told.at(-1)!.version).toBe(8);
    actor.weights(weights(16));
    expect(memory.current.version).toBe(8);
    actor.weights(weights(24));
    expect(memory.current.version).toBe(24);
  });

  it('goes back when a person asks, to the config at last, and then says that there is nothing more', () => {
    const { actor, episode, told } = made();
    episode('timeout', 60);
    actor.weights(weights(8));
    expect(actor.rollBack('asked')).toBe('');
    expect(told.at(-1)).toMatchObject({ version: 0, path: '' });
    expect(actor.rollBack('asked')).toMatch(/nothing to go back to/);
  });

  it('killed in the middle, has what it spooled, its version, and new ids', () => {
    const first = made();
    first.episode('timeout', 60);
    first.actor.weights(weights(8));
    first.episode('success');
    first.begin();
    const again = made({}, first.folder);
    again.episode('success');
    again.episode('success');
    expect(again.actor.version).toBe(8);
    const ids = again.spooled().map((e) => e.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toBe(first.spool.ids[0]);
  });

  it('that comes back in the middle of an episode uses the next one: the brain is told again when it is at rest', () => {
    const { actor, goOn, episode, busy, said } = made();
    busy.why = 'the policy is engaged';
    actor.brainIsHere();
    expect(said.at(-1)).toMatch(/does not take version 0: the policy is engaged/);
    goOn(3);
    busy.why = '';
    actor.ladder({ to: 'STOPPING', cause: 'force_limit' });
    actor.ladder({ to: 'DISARMED', cause: 'reset' });
    expect(actor.counts.episodes).toBe(0);
    episode('success');
    expect(actor.counts.episodes).toBe(1);
  });

  describe('with a person to label', () => {
    it('gives the label that is said while it goes on, and ends it there', () => {
      const { actor, begin, goOn, episode, spooled, asked } = made({ reward: 'label' });
      episode('timeout');
      begin(2);
      expect(actor.label.say(true)).toEqual({ success: true, message: 'success' });
      goOn(2);
      actor.ladder({ to: 'STOPPING', cause: 'disengage' });
      expect(asked).toEqual(['disengage', 'disengage']);
      expect(spooled().map((e) => [e.ended, e.terminated, [...e.reward]])).toEqual([['success', true, [0, 1]]]);
    });

    it('waits for the label after it, and drops what nobody labels', async () => {
      vi.useFakeTimers();
      onTestFinished(() => void vi.useRealTimers());
      const { actor, episode, spooled, said } = made({ reward: 'label', label_wait_s: 5 });
      episode('timeout');
      await vi.advanceTimersByTimeAsync(5001);
      episode('timeout');
      expect(spooled()).toEqual([]);
      actor.label.say(true);
      await vi.advanceTimersByTimeAsync(1);
      expect(spooled().map((e) => [e.ended, e.terminated, [...e.reward]])).toEqual([['success', true, [0, 0, 1]]]);
      episode('success');
      await vi.advanceTimersByTimeAsync(5001);
      expect(spooled()).toHaveLength(1);
      expect(actor.counts.unlabelled).toBe(2);
      expect(said.join()).toMatch(/nobody labelled it/);
    });
  });
});
