import { once } from 'node:events';
import { Ros, Topic } from 'roslib';
import { WebSocket } from 'ws';
import { TYPES } from '../../../../bridges/messages/messages.ts';
import { RosbridgeClient } from '../../../../bridges/rosbridge/client.ts';
import { bridgeSchema } from '../../../core/bridge-schema.ts';
import { MonotonicClock } from '../../../core/clock.ts';
import { SeededRandom } from '../../../core/random.ts';
import type { CommandEncoder } from '../../../core/signals.ts';
import { COMMAND_TYPE, COMMANDS, commandMessage, STATES } from './robot.ts';

/** A client of the robot's bridge. It hears the states; `command` answers the state with that number. */
export interface Subject {
  /** Told of each state's message, as the client hands it on. */
  onState: (message: unknown) => void;
  command(number: number): void;
  close(): Promise<void>;
}

const NUMBERS: CommandEncoder = {
  topic: COMMANDS,
  type: COMMAND_TYPE,
  encode: ({ seq }) => ({ topic: COMMANDS, type: COMMAND_TYPE, message: commandMessage(seq) }),
};

/** Each connects, subscribes, and resolves once it can command. */
export const SUBJECTS: Readonly<Record<'ours' | 'roslib' | 'ws', (url: string) => Promise<Subject>>> = {
  ours: async (url) => {
    const context = {
      clock: new MonotonicClock(),
      random: new SeededRandom(1),
      topics: [{ topic: STATES, type: TYPES.jointState }],
      encoder: NUMBERS,
      log: (error: Error) => process.stderr.write(`${error.message}\n`),
    };
    const bridge = new RosbridgeClient(bridgeSchema.parse({ url, verify: false }), context);
    const subject: Subject = {
      onState: () => {},
      command: (seq) => {
        bridge.send(actionOf(seq));
      },
      close: () => bridge.close(),
    };
    bridge.frames$.subscribe((frame) => subject.onState(frame.message));
    await bridge.open();
    while (!bridge.send(actionOf(-1)).sent) await new Promise((resolve) => setTimeout(resolve, 5));
    return subject;
  },

  roslib: async (url) => {
    const ros = new Ros({});
    const connected = once(ros as never, 'connection');
    await ros.connect(url);
    await connected;
    const states = new Topic({ ros, name: STATES, messageType: TYPES.jointState });
    const commands = new Topic({ ros, name: COMMANDS, messageType: COMMAND_TYPE });
    const subject: Subject = {
      onState: () => {},
      command: (number) => commands.publish(commandMessage(number)),
      close: async () => ros.close(),
    };
    states.subscribe((message) => subject.onState(message));
    return subject;
  },

  ws: async (url) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await once(socket, 'open');
    const subject: Subject = {
      onState: () => {},
      command: (number) => socket.send(JSON.stringify({ op: 'publish', topic: COMMANDS, msg: commandMessage(number) })),
      close: async () => socket.terminate(),
    };
    socket.on('message', (data) => subject.onState((JSON.parse(String(data)) as { msg: unknown }).msg));
    socket.send(JSON.stringify({ op: 'subscribe', topic: STATES, type: TYPES.jointState }));
    return subject;
  },
};

/**
 * Only the gate makes a SafeAction. Here the bridge is measured alone, and what hears it is a bench: there is no gate and
 * no robot.
 */
export const actionOf = (seq: number, stampNs = 0, setpoint: readonly number[] = []) =>
  ({ setpoint: Float64Array.from(setpoint), epoch: 1, seq, stampNs, expiresNs: Number.POSITIVE_INFINITY }) as never;
