import type { RosGraph } from '../../../bridges/bridge.ts';
import type { Clock } from '../../core/clock.ts';
import type { OperatorRequest } from '../../core/signals.ts';
import type { PracticeDoor } from '../practice-door.ts';
import { named, PRACTICE_SERVICES, SERVICES, TAKEOVER, TOPICS, type TopicKey, type TopicOfOurs } from './interface.ts';

/** A graph that we are on. */
export interface Port {
  readonly name: 'server' | 'robot' | 'viewer';
  readonly graph: RosGraph;
  /** What speaks once a tick speaks at most so often there, Hz; ∞: each time. */
  readonly tickHz: number;
  /** What is in the log is called as it is there. */
  readonly asLogged?: true;
  /** Services and takeover are offered there; else only topics. */
  readonly commands: boolean;
}

export interface CitizenParts {
  readonly namespace: string;
  readonly ports: readonly Port[];
  readonly clock: Clock;
  ask(request: OperatorRequest): Promise<{ accepted: boolean; reason: string }>;
  /** Of the newest stop. */
  incident(): number;
  takeOver(message: unknown, client: { port: Port['name']; id: number }): void;
  readonly practice?: Pick<PracticeDoor, 'ask'>;
}

/** Says and answers on every graph what `interface.ts` describes. */
export class Citizen {
  readonly #parts: CitizenParts;
  /** By port and topic: when it last spoke there, ns. */
  readonly #spokeNs: Record<string, number>[];

  constructor(parts: CitizenParts) {
    this.#parts = parts;
    this.#spokeNs = parts.ports.map(() => ({}));
    for (const port of parts.ports) this.#settle(port);
  }

  #nameOf(topic: TopicOfOurs, { asLogged }: Port): string {
    return asLogged && topic.log !== undefined ? topic.log : named(topic.name, this.#parts.namespace);
  }

  #settle(port: Port): void {
    const { name, graph, commands } = port;
    const { namespace, ask, incident, takeOver, practice } = this.#parts;
    for (const topic of Object.values<TopicOfOurs>(TOPICS))
      if (!(topic.byReflex && name === 'robot'))
        graph.advertise(this.#nameOf(topic, port), topic.type, { latch: topic.latch ?? false });
    if (!commands) return;
    graph.onPublish(named(TAKEOVER.name, namespace), TAKEOVER.type, (message, { id }) =>
      takeOver(message, { port: name, id }),
    );
    for (const { name: service, type, request } of SERVICES)
      graph.advertiseService(named(service, namespace), type, async (args) => {
        const { accepted, reason } = await ask(request(args, incident()));
        return { success: accepted, message: reason };
      });
    if (practice === undefined) return;
    for (const { name: service, type, request } of PRACTICE_SERVICES)
      graph.advertiseService(named(service, namespace), type, async (args) => {
        const asked = request(args);
        return typeof asked === 'string' ? { success: false, message: asked } : practice.ask(asked);
      });
  }

  /** `make` is called where somebody is spoken to, once. */
  say(key: TopicKey, make: () => unknown): void {
    const topic: TopicOfOurs = TOPICS[key];
    const nowNs = topic.pace === 'tick' ? this.#parts.clock.nowNs() : 0;
    let message: unknown;
    for (const [i, port] of this.#parts.ports.entries()) {
      if (topic.byReflex && port.name === 'robot') continue;
      if (topic.pace === 'tick' && !this.#isDue(i, key, nowNs, port.tickHz)) continue;
      message ??= make();
      port.graph.publish(this.#nameOf(topic, port), topic.type, message, { latch: topic.latch ?? false });
    }
  }

  #isDue(port: number, key: TopicKey, nowNs: number, hz: number): boolean {
    const spoke = this.#spokeNs[port]!;
    if (nowNs - (spoke[key] ?? Number.NEGATIVE_INFINITY) < 1e9 / hz) return false;
    spoke[key] = nowNs;
    return true;
  }
}
