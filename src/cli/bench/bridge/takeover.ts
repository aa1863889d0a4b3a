import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { TakeoverMessage } from '../../../../bridges/messages/messages.ts';
import type { RunConfig } from '../../../core/config-schema.ts';
import { packageRoot } from '../../../core/paths.ts';
import { SeededRandom } from '../../../core/random.ts';
import { named, TAKEOVER, TOPICS } from '../../../daemon/citizen/interface.ts';
import { freePort } from '../../ports.ts';
import { type Aim, judge } from '../aims.ts';
import { ArmedReflex } from '../armed-reflex.ts';
import { end, pause } from '../child.ts';
import { type BenchOptions, type Outcome, rowOf } from '../rows.ts';
import { ROUNDS } from './turns.ts';

/** Takeovers of one round. */
const TAKEOVERS = 40;
/** A takeover comes at any moment of two decisions, after the lease of the policy's commands has been heard. */
const PHASE_MS = [30, 130] as const;
const PATIENCE_MS = 2000;
/** A takeover during which a busy machine stopped the robot is no sample: it is made again, so many times in all. */
const MAX_AGAIN = 50;
const CASE = 'takeover to its first command';
const BETWEEN = 'commands of the policy in between';

/**
 * A person takes over from the policy: from the message that a client of the daemon's ROS server publishes to the first command at the
 * robot that does what it says, through the real observer and reflex. The robot and the brain stand here, the policy decides at its
 * rate, the gate ticks at the control rate.
 */
export async function benchTakeover(
  config: RunConfig,
  { samples = ROUNDS }: BenchOptions,
  takeovers = TAKEOVERS,
): Promise<Outcome> {
  const { daemon } = config;
  const alone = { console_port: 0, foxglove_port: 0, robot_graph: 'off', ros_port: await freePort() } as const;
  const armed = await ArmedReflex.start({ ...config, daemon: { ...daemon, ...alone } });
  const observer = spawn(process.execPath, [join(packageRoot, 'dist/src/daemon/observer.js'), armed.reflex.dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const random = new SeededRandom(config.seed);
  let person: Person | null = null;
  try {
    person = await Person.at(alone.ros_port, daemon.namespace, observer);
    const [ms, between, again] = [[] as number[], [] as number[], [] as string[]];
    while (ms.length < samples * takeovers) {
      await armed.engage();
      await pause(random.range(...PHASE_MS));
      const found = await takeOver(armed, person);
      if (typeof found === 'string') {
        if (again.push(found) > MAX_AGAIN) throw new Error(`no takeover, time after time: ${again.at(-1)}`);
      } else {
        ms.push(found.ms);
        between.push(found.between);
      }
      await giveBack(armed, person);
    }
    const results = [rowOf(CASE, 'ours', 'ms', ms), rowOf(BETWEEN, 'ours', 'commands', between)];
    const { notes, failed } = judge(takeoverAims(results, config.safety.control_hz), samples >= ROUNDS);
    return { results, failed, notes: [...notes, `taken again, since something else stopped it: ${again.length}`] };
  } finally {
    person?.close();
    await end(observer);
    await armed.close();
  }
}

/** The aims, from the rows of the bench: within one tick of the gate, in time and in commands. */
export function takeoverAims(rows: Outcome['results'], controlHz: number): Aim[] {
  const of = (name: string) => rows.find((row) => row.case === name);
  return [
    { what: `${CASE}, p50`, value: of(CASE)?.p50 ?? Number.NaN, unit: 'ms', atMost: 1000 / controlHz },
    { what: `${BETWEEN}, p99`, value: of(BETWEEN)?.p99 ?? Number.NaN, unit: 'commands', atMost: 1 },
  ];
}

/** Milliseconds, and the policy's commands meanwhile; or the mode of a robot that was stopped: then there is nothing to measure. */
async function takeOver(armed: ArmedReflex, person: Person): Promise<{ ms: number; between: number } | string> {
  let seen = Number.NaN;
  let between = 0;
  armed.onCommand = ({ source }) => {
    if (!Number.isNaN(seen)) return;
    if (source === 'takeover') seen = performance.now();
    else between++;
  };
  const at = performance.now();
  person.says(false);
  while (Number.isNaN(seen)) {
    if (armed.reflex.mode !== 'ACTIVE') return armed.reflex.mode;
    if (performance.now() - at > PATIENCE_MS) return `not taken within ${PATIENCE_MS} ms`;
    await pause(1);
  }
  return { ms: seen - at, between };
}

/** Until the policy commands again, or the robot stands. */
async function giveBack(armed: ArmedReflex, person: Person): Promise<void> {
  let back = false;
  armed.onCommand = ({ source }) => {
    back ||= source === 'policy';
  };
  person.says(true);
  const at = performance.now();
  while (!back && armed.reflex.mode === 'ACTIVE' && performance.now() - at < PATIENCE_MS) await pause(1);
  armed.onCommand = () => {};
}

/** A client of the daemon's own ROS server that answers the newest lease that it has seen. */
class Person {
  readonly #socket: WebSocket;
  readonly #topic: string;
  #lease: readonly [epoch: number, commandSeq: number] = [0, 0];
  #seq = 0;

  private constructor(socket: WebSocket, namespace: string) {
    this.#socket = socket;
    this.#topic = named(TAKEOVER.name, namespace);
    const lease = named(TOPICS.lease.name, namespace);
    socket.on('message', (data) => {
      const op = JSON.parse(String(data)) as { topic?: string; msg?: { data?: [number, number] } };
      if (op.topic === lease && op.msg?.data) this.#lease = op.msg.data;
    });
    const send = (operation: object) => socket.send(JSON.stringify(operation));
    send({ op: 'subscribe', topic: lease, type: TOPICS.lease.type, queue_length: 1 });
    send({ op: 'advertise', topic: this.#topic, type: TAKEOVER.type });
  }

  /** Again and again, until the server is there. @throws Error when the observer ends */
  static async at(port: number, namespace: string, observer: ChildProcess): Promise<Person> {
    for (;;) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
      const opened = await once(socket, 'open').then(
        () => true,
        () => false,
      );
      if (opened) return new Person(socket, namespace);
      if (observer.exitCode !== null) throw new Error(`the observer ended with ${observer.exitCode}`);
      await pause(50);
    }
  }

  /** Stay where you are; or the policy may go on. */
  says(release: boolean): void {
    const [epoch, command_seq] = this.#lease;
    const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
    const msg: TakeoverMessage = {
      ...{ header, epoch, command_seq, seq: ++this.#seq, release, operator: 'bench' },
      action: [0, 0, 0, 0],
    };
    this.#socket.send(JSON.stringify({ op: 'publish', topic: this.#topic, msg }));
  }

  close(): void {
    this.#socket.terminate();
  }
}
