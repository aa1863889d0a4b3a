import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/cli/ports.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { faultOf } from '../../src/practice/episode.ts';
import { decode, type MessageOf } from '../../src/practice/protocol.ts';
import { alive, cli, descendants, endProcess, MAIN, pause, RUN_FILE, until } from './harness.ts';

let dir: string;
let port: number;
let sets: string[];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-practice-'));
  port = await freePort();
  const practice = `{dir: ${dir}/practice, learner: "ws://127.0.0.1:${port}", held_out_every: 4, publish_every: 2, checkpoint_s: 1}`;
  // A machine that is busy with other things is no dead robot.
  sets = ['--set', `practice=${practice}`, '--set', 'policies.residual.type=zero', '--set', 'daemon.heartbeat_ms=3000'];
});
const children: ChildProcess[] = [];
afterEach(async () => {
  await Promise.all(children.splice(0).map(endProcess));
  rmSync(dir, { recursive: true, force: true });
});

/** The learner in a process of its own, and what it has said. */
async function startLearner(): Promise<{ child: ChildProcess; said: string[] }> {
  const args = [MAIN, 'learn', RUN_FILE, ...sets, '--demonstrations', '5', '--warm-up', '120', '--seed', '1'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: packageRoot });
  children.push(child);
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      said.push(line);
      if (line.startsWith('learner')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the learner ended with ${code}`)));
  });
  return { child, said };
}

const episodesOf = (folder: string) =>
  readdirSync(join(dir, 'practice', folder))
    .filter((file) => file.endsWith('.cbor'))
    .map((file) => decode(readFileSync(join(dir, 'practice', folder, file))) as MessageOf<'episode'>);
const lines = () =>
  readFileSync(join(dir, 'processes.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { name: string; msg: string; pid: number });
const practiceSaid = () => lines().filter((line) => line.name === 'practice');

describe('practice on the simulated robot', () => {
  it('learner and actor are each killed with -9 on the way: no episode is lost, none counts twice, and new weights act', async () => {
    const first = await startLearner();
    let second: Awaited<ReturnType<typeof startLearner>> | null = null;
    let killed = 0;
    const ended = await cli(
      [
        ...['demo', RUN_FILE, '--headless', '--episodes', '24', '--seed', '1', '--speed', 'max', '--json', ...sets],
        ...['--sim-port', '0', '--console-port', '0', '--ros-port', '0', '--foxglove-port', '0'],
        ...['--set', `log.dir=${dir}`, '--set', 'log.enabled=false', '--set', 'log.black_box_s=0'],
      ],
      {
        onStart: async (demo) => {
          const learned = () => {
            try {
              return episodesOf('learner/episodes').length;
            } catch {
              return 0;
            }
          };
          await until(() => learned() >= 4, 90_000, 'four episodes at the learner');
          // It has made weights, and its checkpoint is from after them.
          await until(() => first.said.some((line) => /^version \d+ accepted/.test(line)), 60_000, 'weights in use');
          await pause(1500);
          first.child.kill('SIGKILL');
          await until(() => practiceSaid().some((l) => /the learner is not there/.test(l.msg)), 20_000, 'a word of it');
          const actor = practiceSaid().findLast((l) => l.msg === 'ready')!.pid;
          expect(descendants(demo.pid!)).toContain(actor);
          process.kill(actor, 'SIGKILL');
          killed = actor;
          second = await startLearner();
        },
      },
    );
    expect(ended.code, ended.stderr).toBe(0);
    const result = JSON.parse(ended.stdout.trim().split('\n').at(-1)!);
    expect(result.robot_held).toBe(true);
    expect(alive(killed)).toBe(false);

    await until(() => second !== null, 30_000, 'the second learner');
    const { child, said } = second!;
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null, 30_000, 'the end of the learner');
    expect(child.exitCode).toBe(0);
    expect(said[0]).toMatch(/goes on after \d+ episodes/);

    // Everything that an actor said it had put into the spool is at the learner or still waits, once.
    const here = [...episodesOf('learner/episodes'), ...episodesOf('actor/spool')];
    const ids = here.map((e) => e.id);
    expect(new Set(ids).size).toBe(ids.length);
    const told = practiceSaid().flatMap((l) => /^episode (\S+): /.exec(l.msg)?.[1] ?? []);
    const heldOut = told.filter((id) => !ids.includes(id));
    expect(told.length).toBeGreaterThan(10);
    // Those that are not there are the held-out ones, one in four.
    expect(heldOut.length).toBeLessThanOrEqual(Math.ceil(told.length / 4) + 1);
    for (const id of heldOut) expect((Number(id.split('-')[1]) - 1) % 4, id).toBe(0);
    for (const e of here) expect(faultOf(e, { observationSize: 9, actionSize: 4 }), e.id).toBe('');

    // New weights were vetted and have acted.
    expect(practiceSaid().some((l) => /^version \d+ is in use$/.test(l.msg))).toBe(true);
    expect(here.some((e) => e.version > 0)).toBe(true);
    expect(here.some((e) => e.success && e.terminated)).toBe(true);
  });
});
