// long: one daemon on two graphs, and every topic, service and message of it; a second file would start it again.
import type { Ros } from 'roslib';
import { Service, Topic } from 'roslib';
import { describe, expect, it } from 'vitest';
import type { DiagnosticArray, EquilibriumCommand, TakeoverMessage } from '../../bridges/messages/messages.ts';
import { SERVICES, TAKEOVER, TOPICS } from '../../src/daemon/citizen/interface.ts';
import {
  callTrigger,
  engage,
  pause,
  resetEpisode,
  rosClientOf,
  Sim,
  shared,
  startDaemon,
  stepped,
  type TestDaemon,
  until,
} from './harness.ts';

/**
 * The daemon as a citizen of two ROS graphs, seen by stock roslib clients: on its own server, and on the robot's. In
 * stepped time, in which the robot waits for its command: a busy machine stops nobody, and "at once" is counted in
 * commands, not in milliseconds.
 */
interface Command {
  epoch: number;
  seq: number;
  mode: string;
  source: string;
  tick: number;
  takeover_seq: number;
  setpoint: number[];
}
interface TickRecord {
  seq: number;
  mode: string;
  source: string;
  command_seq: number;
  takeover_seq: number;
}
interface State {
  mode: string;
  cause: string;
  epoch: number;
  command_seq: number;
  takeover: string;
  takeovers_refused: number;
  takeover_refusal: string;
  residual_scale: number;
}

/** Of the robot's time, some 500 commands: enough for a roslib client that has to wait for a core. */
const TAKEOVER_AGE_MS = 5000;

let sim: Sim;
let t: TestDaemon;
const clients: { server?: Ros; robot?: Ros } = {};
const PORTS = ['server', 'robot'] as const;
type PortName = (typeof PORTS)[number];
const on = (port: PortName): Ros => clients[port]!;
const global = (name: string) => name.replace('~', '/reflexarc');

shared(
  async () => {
    sim = await Sim.start(undefined, ['--speed', 'max']);
    t = await startDaemon(sim.port, (config) => {
      stepped(config);
      config.safety.takeover_age_ms = TAKEOVER_AGE_MS;
    });
    await t.daemon.reflex.until((s) => s.linkUp && s.mode === 'DISARMED', 20_000);
    clients.robot = await rosClientOf(sim.port);
    clients.server = await rosClientOf(t.config.daemon.ros_port);
  },
  async () => {
    for (const client of Object.values(clients)) client.close();
    await t?.stop();
    await sim?.stop();
  },
);

/** The policy moves the robot, from the beginning of an episode. */
async function begin(): Promise<void> {
  const { reflex } = t.daemon;
  const mode = () => reflex.status$.value?.mode;
  if (mode() === 'HOLD') await reflex.request({ kind: 'disarm' });
  if (mode() !== 'DISARMED') {
    await reflex.request({ kind: 'stop' });
    const { incident } = await reflex.until((s) => s.mode === 'STOPPED', 20_000);
    await reflex.request({ kind: 'reset', incident });
  }
  await resetEpisode(on('robot'), t);
  await engage(t);
}

/** Every message: none gives way to a newer one. */
function listen<T>(ros: Ros, name: string, messageType: string, handler: (message: T) => void): Topic<T> {
  const topic = new Topic<T>({ ros, name, messageType });
  topic.subscribe(handler);
  return topic;
}

const topicsOf = (ros: Ros) =>
  new Promise<Map<string, string>>((resolve, reject) =>
    ros.getTopics(({ topics, types }) => resolve(new Map(topics.map((name, i) => [name, types[i]!]))), reject),
  );
const servicesOf = (ros: Ros) => new Promise<string[]>((resolve, reject) => ros.getServices(resolve, reject));
const typeOf = (ros: Ros, service: string) =>
  new Promise<string>((resolve, reject) => ros.getServiceType(service, resolve, reject));
const setScale = (ros: Ros, name: string, scale: number | null) =>
  new Promise<{ success: boolean; message: string }>((resolve, reject) =>
    new Service<object, { success: boolean; message: string }>({
      ...{ ros, name, serviceType: 'reflexarc_msgs/srv/SetScale' },
    }).callService({ scale }, resolve, (e) => reject(new Error(String(e))), 20_000),
  );

/** A person with a roslib client: answers the newest lease that it has seen, as the message asks for. */
class Person {
  readonly ros: Ros;
  readonly topic: Topic<TakeoverMessage>;
  lease: number[] = [];
  seq = 0;
  /** What it does at each command. */
  hand: () => void = () => {};
  readonly #operator: string;
  readonly #listening: Topic<{ data: number[] }>;

  constructor(ros: Ros, operator: string) {
    this.ros = ros;
    this.#operator = operator;
    this.topic = new Topic({ ros, name: '/reflexarc/takeover', messageType: 'reflexarc_msgs/msg/Takeover' });
    this.topic.advertise();
    this.#listening = listen<{ data: number[] }>(
      ros,
      '/reflexarc/lease',
      'std_msgs/msg/UInt64MultiArray',
      ({ data }) => {
        this.lease = data;
        this.hand();
      },
    );
  }

  wants(action: (number | null)[], changes: Partial<Record<keyof TakeoverMessage, unknown>> = {}): void {
    const [epoch = 0, command_seq = 0] = this.lease;
    const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
    this.topic.publish({
      ...{ header, epoch, command_seq, seq: ++this.seq, action, release: false, operator: this.#operator },
      ...changes,
    } as TakeoverMessage);
  }

  leaves(): void {
    this.#listening.unsubscribe();
    this.topic.unadvertise();
  }
}

describe.each(PORTS)('on the graph of the %s', (port) => {
  it('every topic and service of ours is there, with its type', async () => {
    const wanted = [
      ...Object.values(TOPICS).map(({ name, type }) => `${global(name)} ${type}`),
      `${global(TAKEOVER.name)} ${TAKEOVER.type}`,
    ];
    const found = async () => [...(await topicsOf(on(port)))].map(([name, type]) => `${name} ${type}`);
    // On the robot's graph the lease comes with the first command, and our package is asked for first.
    await engage(t);
    for (let n = 0; n < 100 && !(await found()).includes(wanted.at(-1)!); n++) await pause(50);
    expect(await found()).toEqual(expect.arrayContaining(wanted));
    expect(await servicesOf(on(port))).toEqual(expect.arrayContaining(SERVICES.map(({ name }) => global(name))));
    for (const { name, type } of SERVICES) expect(await typeOf(on(port), global(name))).toBe(type);
  });

  it('what speaks steadily and at every tick is heard', async () => {
    await begin();
    const heard = new Map<string, unknown>();
    const topics = Object.entries(TOPICS).filter(([key]) => key !== 'intervention');
    const listening = topics.map(([key, { name, type }]) =>
      listen(on(port), global(name), type, (message) => heard.set(key, message)),
    );
    const isActive = () => (heard.get('state') as State | undefined)?.mode === 'ACTIVE';
    await until(() => heard.size === topics.length && isActive(), 10_000, `all topics, heard ${[...heard.keys()]}`);
    for (const one of listening) one.unsubscribe();
    expect(heard.get('mode')).toEqual({ data: 'ACTIVE' });
    expect(heard.get('state')).toMatchObject({ mode: 'ACTIVE', link_up: true, brain_up: true, takeover: '' });
    expect((heard.get('command') as Command).setpoint).toHaveLength(9);
    expect((heard.get('lease') as { data: number[] }).data[2]).toBe(1000 * t.config.safety.lease_ms);
  });

  it('services answer truly: what was done, and why not', async () => {
    await begin();
    expect(await callTrigger(on(port), '/reflexarc/arm')).toEqual({
      success: false,
      message: 'arm needs DISARMED, the mode is ACTIVE',
    });
    expect(await setScale(on(port), '/reflexarc/set_residual_scale', 0.5)).toEqual({ success: true, message: '' });
    await until(() => t.daemon.reflex.status$.value?.residualScale === 0.5, 20_000, 'the scale');
    expect(await setScale(on(port), '/reflexarc/set_residual_scale', 2)).toMatchObject({
      success: false,
      message: 'residual_scale 2 is not within 0 … 1',
    });
    expect((await setScale(on(port), '/reflexarc/set_residual_scale', null)).success).toBe(false);
    expect(t.daemon.reflex.status$.value?.residualScale).toBe(0.5);
    expect((await setScale(on(port), '/reflexarc/set_residual_scale', 1)).success).toBe(true);
    expect((await callTrigger(on(port), '/reflexarc/stop')).success).toBe(true);
    await t.daemon.reflex.until((s) => s.mode === 'STOPPED', 20_000);
    expect((await callTrigger(on(port), '/reflexarc/engage')).message).toBe('engage needs HOLD, the mode is STOPPED');
    expect((await callTrigger(on(port), '/reflexarc/reset')).success).toBe(true);
    expect((await callTrigger(on(port), '/reflexarc/reset')).message).toBe(
      'reset needs STOPPED or ESTOP, the mode is DISARMED',
    );
  });

  it('a person has the command that follows, through the gate, tagged; a release gives it back to the policy', async () => {
    const commands: Command[] = [];
    const ticks: TickRecord[] = [];
    const atRobot: EquilibriumCommand[] = [];
    const begun: string[] = [];
    const states: State[] = [];
    // Complete on our own server; the robot's own topic says what arrived there.
    const listening = [
      listen<Command>(on('server'), '/reflexarc/command', TOPICS.command.type, (m) => commands.push(m)),
      listen<TickRecord>(on('server'), '/reflexarc/tick', TOPICS.tick.type, (m) => ticks.push(m)),
      listen<EquilibriumCommand>(on('robot'), '/equilibrium_command', 'reflexarc_msgs/msg/EquilibriumCommand', (m) =>
        atRobot.push(m),
      ),
      listen<{ cause: string; by: string }>(on(port), '/reflexarc/intervention', TOPICS.intervention.type, (m) =>
        begun.push(`${m.by} ${m.cause}`),
      ),
      listen<State>(on(port), '/reflexarc/state', TOPICS.state.type, (m) => states.push(m)),
    ];
    await begin();
    const person = new Person(on(port), 'desk');
    await until(() => person.lease.length === 3 && commands.length > 5, 20_000, 'a lease');
    const known = commands.length;
    // Up, and stiff: away from everything.
    person.hand = () => person.wants([0, 0, 1, 0]);
    await until(() => commands.slice(known).filter((c) => c.source === 'takeover').length > 20, 20_000, 'takeover');
    const first = commands.findIndex((c, i) => i >= known && c.source === 'takeover');
    const [before, after] = [commands[first - 1]!, commands[first]!];
    // Not one command between the policy's and the person's, and not one tick that knew of him and did not obey.
    expect(before.source).not.toBe('takeover');
    expect([after.seq, after.epoch]).toEqual([before.seq + 1, before.epoch]);
    expect(after.takeover_seq).toBeGreaterThanOrEqual(1);
    const knew = ticks.filter((tick) => tick.takeover_seq >= 0 && tick.mode === 'ACTIVE');
    expect(knew.length).toBeGreaterThan(20);
    expect(new Set(knew.map((tick) => tick.source))).toEqual(new Set(['takeover']));
    expect(knew[0]!.command_seq).toBe(after.seq);
    // It goes where he wants: within 0.1 m/s up, at 100 Hz at most a millimetre a command.
    const up = after.setpoint[2]! - before.setpoint[2]!;
    expect(up).toBeGreaterThan(0);
    expect(up).toBeLessThanOrEqual(0.0011);
    await until(() => atRobot.some((c) => c.seq === after.seq && c.epoch === after.epoch), 20_000, 'it at the robot');
    expect(atRobot.find((c) => c.seq === after.seq && c.epoch === after.epoch)?.source).toBe('takeover');
    await until(() => states.some((s) => s.takeover === 'desk'), 20_000, 'his name');
    expect(begun).toContain('person takeover');

    const { epoch } = commands.at(-1)!;
    person.hand = () => {};
    person.wants([], { release: true });
    await until(() => commands.at(-1)!.source === 'policy', 20_000, 'the policy');
    expect(commands.at(-1)!.epoch).toBe(epoch + 1);
    await t.daemon.reflex.until((s) => s.mode === 'ACTIVE' && s.takeoverHolder === 0, 20_000);
    person.leaves();
    for (const one of listening) one.unsubscribe();
  });

  it('a person who falls silent holds the robot', async () => {
    await begin();
    const person = new Person(on(port), 'desk');
    await until(() => person.lease.length === 3, 20_000, 'a lease');
    const transitions: string[] = [];
    const watching = t.daemon.reflex.transitions$.subscribe((x) => transitions.push(`${x.to} ${x.cause}`));
    person.hand = () => person.wants([0, 0, 1, 0]);
    await t.daemon.reflex.until((s) => s.takeoverHolder > 0, 10_000);
    person.hand = () => {};
    await until(() => transitions.includes('HOLD takeover_stale'), 20_000, 'HOLD');
    watching.unsubscribe();
    person.leaves();
    expect((await callTrigger(on(port), '/reflexarc/disarm')).success).toBe(true);
  });
});

describe('what is no takeover', () => {
  it('is refused, counted and said why: NaN, shape, range, epoch, age, another person, a mode without a policy', async () => {
    let state: State | null = null;
    const listening = listen<State>(on('server'), '/reflexarc/state', TOPICS.state.type, (m) => {
      state = m;
    });
    await until(() => state !== null, 20_000, 'a state');
    const refused = async (why: string, say: () => void) => {
      const known = state!.takeovers_refused;
      say();
      await until(
        () => state!.takeovers_refused > known,
        20_000,
        `"${why}" to be refused; last: ${state!.takeover_refusal}`,
      );
      expect(state!.takeover_refusal).toBe(why);
    };
    await begin();
    const person = new Person(on('server'), 'desk');
    await until(() => person.lease.length === 3, 20_000, 'a lease');
    const old = [...person.lease];
    await refused('not finite', () => person.wants([0, null, 0, 0]));
    await refused('wrong shape', () => person.wants([0, 0, 0]));
    await refused('out of range', () => person.wants([0, 0, 57.3, 0]));
    await refused('old epoch', () => person.wants([0, 0, 0, 0], { epoch: person.lease[0]! - 1 }));
    await refused('malformed', () => person.wants([0, 0, 0, 0], { epoch: 'now' }));
    await refused('not held', () => person.wants([], { release: true }));
    await until(() => person.lease[1]! > old[1]! + TAKEOVER_AGE_MS / 3, 60_000, 'many commands');
    await refused('stale', () => person.wants([0, 0, 0, 0], { command_seq: old[1] }));
    const other = new Person(on('robot'), 'other desk');
    await until(() => other.lease.length === 3, 20_000, 'a lease');
    person.hand = () => person.wants([0, 0, 0.1, 0]);
    await until(() => state!.takeover === 'desk', 20_000, 'a takeover');
    await refused('held by another', () => other.wants([0, 0, 0.1, 0]));
    expect(state!.takeover).toBe('desk');
    person.hand = () => {};
    await t.daemon.reflex.until((s) => s.mode === 'HOLD', 20_000);
    await refused('not engaged', () => person.wants([0, 0, 0.1, 0]));
    expect(t.daemon.reflex.status$.value?.mode).toBe('HOLD');
    expect((await callTrigger(on('server'), '/reflexarc/disarm')).success).toBe(true);
    await refused('not engaged', () => person.wants([0, 0, 0.1, 0]));
    expect(t.daemon.reflex.status$.value?.mode).toBe('DISARMED');
    listening.unsubscribe();
    person.leaves();
    other.leaves();
  });
});

describe('/diagnostics', () => {
  it.each(PORTS)('of the %s: brain and ladder go from OK to ERROR when the brain is killed, and back', async (port) => {
    const seen: Map<string, number>[] = [];
    const listening = listen<DiagnosticArray>(on(port), '/diagnostics', TOPICS.diagnostics.type, ({ status }) =>
      seen.push(new Map(status.map((s) => [s.name, s.level]))),
    );
    const levels = (...parts: string[]) => parts.map((part) => seen.at(-1)?.get(`reflexarc: ${part}`));
    await begin();
    await until(() => levels('brain', 'ladder', 'link').every((level) => level === 0), 10_000, 'OK');
    const from = seen.length;
    process.kill(t.daemon.pids.get('brain')!, 'SIGKILL');
    const since = () => seen.slice(from);
    await until(() => since().some((s) => s.get('reflexarc: brain') === 2), 10_000, 'ERROR of the brain');
    await until(() => levels('ladder', 'trip brain_lost').every((level) => level === 2), 10_000, 'ERROR of the ladder');
    // The brain is started anew, but the ladder stays where it is until a person answers.
    await until(() => levels('brain')[0] === 0, 20_000, 'a brain that decides');
    expect(levels('ladder')).toEqual([2]);
    await t.daemon.reflex.until((s) => s.mode === 'STOPPED', 20_000);
    expect((await callTrigger(on(port), '/reflexarc/reset')).success).toBe(true);
    await until(() => levels('ladder', 'trip brain_lost').every((level) => level === 0), 10_000, 'OK again');
    listening.unsubscribe();
  });
});

/** So many states more of the robot. */
async function states(count: number): Promise<void> {
  let heard = 0;
  const topic = listen<unknown>(on('robot'), '/ee_pose', 'geometry_msgs/msg/PoseStamped', () => heard++);
  await until(() => heard >= count, 20_000, `${count} states`);
  topic.unsubscribe();
}

describe('the lease', () => {
  it('goes beside each command to the robot, and is silent where nothing is commanded', async () => {
    const leases: number[][] = [];
    const commands: EquilibriumCommand[] = [];
    const listening = [
      listen<{ data: number[] }>(on('robot'), '/reflexarc/lease', TOPICS.lease.type, ({ data }) => leases.push(data)),
      listen<EquilibriumCommand>(on('robot'), '/equilibrium_command', 'reflexarc_msgs/msg/EquilibriumCommand', (m) =>
        commands.push(m),
      ),
    ];
    await begin();
    await until(() => commands.length > 50, 20_000, 'commands');
    expect((await callTrigger(on('robot'), '/reflexarc/stop')).success).toBe(true);
    await t.daemon.reflex.until((s) => s.mode === 'STOPPED', 20_000);
    expect((await callTrigger(on('robot'), '/reflexarc/reset')).success).toBe(true);
    // What was under way comes before the states that the robot says after it.
    await states(20);
    const of = (c: EquilibriumCommand) => `${c.epoch} ${c.seq}`;
    const leased = new Set(leases.map(([epoch, seq]) => `${epoch} ${seq}`));
    expect(commands.filter((c) => !leased.has(of(c)))).toEqual([]);
    expect(new Set(leases.map(([, , us]) => us))).toEqual(new Set([1000 * t.config.safety.lease_ms]));
    const { length } = leases;
    await states(30);
    expect(leases.length).toBe(length);
    for (const one of listening) one.unsubscribe();
  });
});

describe('on /rosout of its own server', () => {
  it('a stop is an error that says where it came from and why', async () => {
    const lines: { level: number; name: string; msg: string }[] = [];
    const topic = listen<(typeof lines)[number]>(
      on('server'),
      '/rosout',
      'rcl_interfaces/msg/Log',
      (line) => void lines.push(line),
    );
    await begin();
    await t.daemon.reflex.request({ kind: 'stop' });
    const { incident } = await t.daemon.reflex.until((s) => s.mode === 'STOPPED', 10_000);
    // Of this stop: what was before is said there too.
    const errors = () => lines.filter(({ level, msg }) => level === 40 && msg.endsWith(`(incident ${incident})`));
    await until(() => errors().length > 0, 10_000, 'an error on /rosout');
    expect(errors()).toMatchObject([
      { name: 'ladder', msg: expect.stringMatching(/^(ENGAGING|ACTIVE) to STOPPING: operator_stop/) },
    ]);
    topic.unsubscribe();
  });
});
