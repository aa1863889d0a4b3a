import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RosGraph } from '../../../bridges/bridge.ts';
import { definitions } from '../../../bridges/messages/definitions.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock, VirtualClock } from '../../../src/core/clock.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import type { OperatorRequest } from '../../../src/core/signals.ts';
import { Citizen, type Port } from '../../../src/daemon/citizen/citizen.ts';
import { PRACTICE_SERVICES, SERVICES, TAKEOVER, TOPICS } from '../../../src/daemon/citizen/interface.ts';
import { portsOf } from '../../../src/daemon/citizen/ports.ts';
import { RawClient } from '../../bridges/rosserver/raw-client.ts';

/** A graph that remembers. */
class FakeGraph implements RosGraph {
  readonly advertised: string[] = [];
  readonly published: { topic: string; message: unknown; latch: boolean }[] = [];
  readonly heard = new Map<string, Parameters<RosGraph['onPublish']>[2]>();
  readonly services = new Map<string, (args: unknown) => unknown>();
  advertise(topic: string, type: string, { latch = false } = {}): void {
    this.advertised.push(`${topic} ${type}${latch ? ' latched' : ''}`);
  }
  publish(topic: string, _type: string, message: unknown, { latch = false } = {}): void {
    this.published.push({ topic, message, latch });
  }
  onPublish(topic: string, _type: string, handler: Parameters<RosGraph['onPublish']>[2]): void {
    this.heard.set(topic, handler);
  }
  advertiseService(name: string, _type: string, handler: (args: unknown) => unknown): void {
    this.services.set(name, handler);
  }
}

function made(ports: Partial<Port>[] = [{}], namespace = '/reflexarc') {
  const graphs = ports.map(() => new FakeGraph());
  const clock = new VirtualClock(5e9);
  const asked: OperatorRequest[] = [];
  const knocks: unknown[] = [];
  const citizen = new Citizen({
    namespace,
    clock,
    ports: ports.map((port, i) => ({ name: 'server', graph: graphs[i]!, tickHz: 20, commands: true, ...port })),
    ask: async (request) => {
      asked.push(request);
      return { accepted: request.kind !== 'engage', reason: request.kind === 'engage' ? 'not clear: risk' : '' };
    },
    incident: () => 7,
    takeOver: (message, client) => knocks.push([message, client]),
  });
  return { citizen, graphs, clock, asked, knocks };
}

describe('the daemon on a ROS graph', () => {
  it('has everything there from the beginning, under its namespace, and diagnostics where all have theirs', () => {
    const { graphs } = made([{}], '/left/reflexarc');
    expect(graphs[0]!.advertised).toContain('/left/reflexarc/state reflexarc_msgs/msg/State latched');
    expect(graphs[0]!.advertised).toContain('/diagnostics diagnostic_msgs/msg/DiagnosticArray');
    expect(graphs[0]!.advertised).toHaveLength(Object.keys(TOPICS).length);
    expect([...graphs[0]!.heard.keys()]).toEqual(['/left/reflexarc/takeover']);
    expect(graphs[0]!.services.size).toBe(SERVICES.length);
  });

  it('that practises offers to label and to go back, and passes on what it is told', async () => {
    const asked: unknown[] = [];
    const practice = {
      ask: async (request: unknown) => ({ success: asked.push(request) === 1, message: 'as it is' }),
    };
    const graph = new FakeGraph();
    new Citizen({
      ...{ namespace: '/reflexarc', clock: new VirtualClock(0), incident: () => 0, takeOver: () => {}, practice },
      ports: [{ name: 'server', graph, tickHz: 20, commands: true }],
      ask: async () => ({ accepted: false, reason: '' }),
    });
    const call = (name: string, args: unknown) => graph.services.get(`/reflexarc/${name}`)!(args as never);
    expect(await call('label', { data: true })).toEqual({ success: true, message: 'as it is' });
    expect(await call('roll_back', {})).toEqual({ success: false, message: 'as it is' });
    expect(await call('label', { data: 'yes' })).toEqual({
      success: false,
      message: expect.stringMatching(/data is true/),
    });
    expect(asked).toEqual([{ kind: 'label', success: true }, { kind: 'roll_back' }]);
  });

  it('where only topics are wanted nobody can ask for anything', () => {
    const { graphs } = made([{ name: 'robot', commands: false }]);
    expect([graphs[0]!.heard.size, graphs[0]!.services.size]).toEqual([0, 0]);
    expect(graphs[0]!.advertised.length).toBeGreaterThan(5);
  });

  it('on the robot the lease is said by the reflex alone', () => {
    const { citizen, graphs } = made([{ name: 'robot' }, { name: 'server' }]);
    citizen.say('lease', () => 'lease');
    expect(graphs.map((g) => g.published.map((p) => p.topic))).toEqual([[], ['/reflexarc/lease']]);
    expect(graphs.map((g) => g.advertised.some((t) => t.includes('/lease')))).toEqual([false, true]);
  });

  it('a live view calls what is in the log as the log does, whatever the namespace', () => {
    const { citizen, graphs } = made([{ name: 'viewer', asLogged: true }, {}], '/left');
    for (const key of ['proposal', 'tick', 'state'] as const) citizen.say(key, () => ({}));
    expect(graphs.map((g) => g.published.map((p) => p.topic))).toEqual([
      ['/reflexarc/decision', '/reflexarc/tick', '/left/state'],
      ['/left/proposal', '/left/tick', '/left/state'],
    ]);
    expect(graphs[0]!.advertised).toContain('/reflexarc/decision reflexarc_msgs/msg/Decision');
  });

  it('says what comes at every tick at the rate of each graph, and all else at once; a message is made once', () => {
    const { citizen, graphs, clock } = made([{ name: 'robot', tickHz: 20 }, { tickHz: Number.POSITIVE_INFINITY }]);
    let built = 0;
    for (let n = 0; n < 100; n++) {
      citizen.say('risk', () => ({ data: built++ }));
      clock.advance(10e6);
    }
    expect(graphs.map((g) => g.published.length)).toEqual([20, 100]);
    expect(built).toBe(100);
    for (let n = 0; n < 3; n++) citizen.say('mode', () => ({ data: 'HOLD' }));
    expect(graphs.map((g) => g.published.filter((p) => p.latch).length)).toEqual([3, 3]);
  });

  it('asks the reflex and passes its answer on, with the reason', async () => {
    const { graphs, asked } = made();
    const call = (name: string, args: unknown = {}) => graphs[0]!.services.get(`/reflexarc/${name}`)!(args);
    expect(await call('arm')).toEqual({ success: true, message: '' });
    expect(await call('engage')).toEqual({ success: false, message: 'not clear: risk' });
    await call('reset');
    await call('set_residual_scale', { scale: 0.25 });
    await call('set_speed_scale', null);
    for (const kind of ['disengage', 'disarm', 'stop', 'estop', 'estop_release']) await call(kind);
    expect(asked).toEqual([
      { kind: 'arm' },
      { kind: 'engage' },
      { kind: 'reset', incident: 7 },
      { kind: 'residual_scale', value: 0.25 },
      { kind: 'speed_scale', value: undefined },
      ...['disengage', 'disarm', 'stop', 'estop', 'estop_release'].map((kind) => ({ kind })),
    ]);
  });

  it('a takeover comes with whom it is from', () => {
    const { graphs, knocks } = made([{ name: 'server' }, { name: 'robot' }]);
    graphs[0]!.heard.get('/reflexarc/takeover')!('a', { id: 3 });
    graphs[1]!.heard.get('/reflexarc/takeover')!('b', { id: 0 });
    expect(knocks).toEqual([
      ['a', { port: 'server', id: 3 }],
      ['b', { port: 'robot', id: 0 }],
    ]);
  });

  it('of a client that may not publish there, nothing comes: the server refuses and counts it', async () => {
    const server = new RosServer({ port: 0, clock: new MonotonicClock(), allow: { publish: ['/other'] } });
    const { port } = await server.listen();
    const knocks: unknown[] = [];
    new Citizen({
      ...{ namespace: '/reflexarc', clock: new MonotonicClock(), incident: () => 0 },
      ports: [{ name: 'server', graph: server, tickHz: 20, commands: true }],
      ask: async () => ({ accepted: false, reason: '' }),
      takeOver: (message) => knocks.push(message),
    });
    const client = await RawClient.open(port);
    client.send({ op: 'publish', topic: '/reflexarc/takeover', msg: { epoch: 1 } });
    await client.settled();
    expect([knocks, server.counters.refused.not_allowed]).toEqual([[], 1]);
    client.close();
    await server.close();
  });
});

describe('the list of what the daemon says and answers', () => {
  it('has a definition of every type', () => {
    for (const { type } of [...Object.values(TOPICS), TAKEOVER])
      expect([type, definitions.has(type)]).toEqual([type, true]);
    for (const { type } of [...SERVICES, ...PRACTICE_SERVICES])
      expect([type, definitions.has(`${type}_Response`)]).toEqual([type, true]);
  });

  it('is in the README, with types and what each is', () => {
    const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8').replaceAll(/ +/g, ' ');
    const short = (type: string) => type.replace(/\/(msg|srv)\//, '/');
    const missing = [
      ...Object.values(TOPICS).map(({ name, type, says }) => `| \`${name}\` | ${short(type)} | ${says} |`),
      ...[...SERVICES, ...PRACTICE_SERVICES].map(
        ({ name, type, says }) => `| \`${name}\` | ${short(type)} | ${says} |`,
      ),
    ].filter((row) => !readme.includes(row));
    expect(missing).toEqual([]);
    expect(readme).toContain(`| \`${TAKEOVER.name}\` | ${short(TAKEOVER.type)} |`);
  });
});

describe('daemon.robot_graph', () => {
  /** What is on each graph; `asked`: how often a place in the robot's was asked for, which makes it. */
  function on(robot_graph: 'off' | 'topics' | 'all', viewer: RosGraph | null = null) {
    const [server, robot] = [new FakeGraph(), new FakeGraph()];
    let asked = 0;
    const bridge = {
      get graph() {
        asked++;
        return robot;
      },
    };
    const ports = portsOf({ robot_graph, robot_graph_hz: 20 }, server, viewer, bridge);
    const citizen = new Citizen({
      ...{ namespace: '/reflexarc', clock: new VirtualClock(0), incident: () => 0, takeOver: () => {}, ports },
      ask: async () => ({ accepted: true, reason: '' }),
    });
    citizen.say('mode', () => ({ data: 'HOLD' }));
    return { server, robot, asked, ports };
  }
  const all = SERVICES.length;

  it.each([
    // The lease is the reflex's own on the robot's graph.
    ['all', { topics: Object.keys(TOPICS).length - 1, services: all, heard: 1, published: 1, asked: 1 }],
    ['topics', { topics: Object.keys(TOPICS).length - 1, services: 0, heard: 0, published: 1, asked: 1 }],
    ['off', { topics: 0, services: 0, heard: 0, published: 0, asked: 0 }],
  ] as const)('%s: so much of us is on the robot’s graph, and all of us on our own server', (robot_graph, there) => {
    const { server, robot, asked } = on(robot_graph);
    const seen = (graph: FakeGraph) => ({
      ...{ topics: graph.advertised.length, services: graph.services.size, heard: graph.heard.size },
      published: graph.published.length,
    });
    expect({ ...seen(robot), asked }).toEqual(there);
    expect(seen(server)).toEqual({ topics: Object.keys(TOPICS).length, services: all, heard: 1, published: 1 });
  });

  it('paces what speaks at every tick there and nowhere else, and a viewer is told as the log is', () => {
    const ports = on('all', new FakeGraph()).ports.map(({ name, tickHz, asLogged }) => [
      name,
      tickHz,
      asLogged ?? false,
    ]);
    const always = Number.POSITIVE_INFINITY;
    expect(ports).toEqual([
      ['server', always, false],
      ['viewer', always, true],
      ['robot', 20, false],
    ]);
  });
});
