import { spawn } from 'node:child_process';
import { WebSocket } from 'ws';
import { nsFromTime } from '../../../bridges/messages/messages.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { packageRoot } from '../../core/paths.ts';
import { end, pause } from './child.ts';
import { ReflexUnderTest, startOfTask, stateMessages } from './reflex.ts';
import { type BenchOptions, type Outcome, rowOf } from './rows.ts';

interface Runner {
  /** Sends the messages of one state; milliseconds until the answer. */
  round(): Promise<number>;
  close(): Promise<void>;
}
type Messages = (stampNs: number) => string[];

const WARM_UP = 300;

/**
 * State message in → command out, through a real reflex process that holds the robot, beside a bare `ws` echo process
 * that is sent the same three messages. The two take turns, sample by sample, on the same machine in the same run.
 */
export async function benchLoop(config: RunConfig, { samples = 2000 }: BenchOptions): Promise<Outcome> {
  const { state } = await startOfTask(config);
  state.wrench.fill(0);
  const messages = (stampNs: number) => stateMessages(config, state, stampNs);
  const ours = await reflexRunner(config, messages);
  const peer = await echoRunner(messages);
  const oursMs: number[] = [];
  const peerMs: number[] = [];
  for (let i = 0; i < samples + WARM_UP; i++) {
    const a = await ours.round();
    await pause(4);
    const b = await peer.round();
    await pause(4);
    if (i < WARM_UP) continue;
    oursMs.push(a);
    peerMs.push(b);
  }
  await ours.close();
  await peer.close();
  return {
    results: [rowOf('state_to_command', 'ours', 'ms', oursMs), rowOf('state_to_command', 'ws_echo', 'ms', peerMs)],
  };
}

async function reflexRunner(config: RunConfig, messages: Messages): Promise<Runner> {
  // The peer's turn must not make the state stale: latency is measured here, not staleness.
  const reflex = await ReflexUnderTest.start({ ...config, safety: { ...config.safety, state_age_ms: 5000 } });
  let answered: () => void = () => {};
  let sentStampNs = 0;
  reflex.onCommand = (command) => {
    // The command that answers this very state, not one of a timer tick before it.
    if (nsFromTime(command.state_stamp) === sentStampNs) answered();
  };
  const begin = performance.now();
  const send = () => {
    sentStampNs = Math.round((performance.now() - begin) * 1e6) + 1e9;
    reflex.publish(messages(sentStampNs));
  };
  // Fresh states until it is armed: HOLD answers every state with a hold command.
  const feed = setInterval(send, 10);
  await reflex.climb(['arm'], 'HOLD');
  clearInterval(feed);
  return {
    round: async () => {
      if (reflex.mode !== 'HOLD')
        throw new Error(`the reflex left HOLD: ${reflex.mode} ${reflex.operator.status$.value?.cause}`);
      const at = performance.now();
      const answer = new Promise<void>((resolve) => {
        answered = resolve;
      });
      send();
      await answer;
      return performance.now() - at;
    },
    close: () => reflex.close(),
  };
}

const ECHO = `import { WebSocketServer } from 'ws';
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => process.stdout.write(server.address().port + '\\n'));
server.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
process.stdin.on('end', () => process.exit(0)).resume();`;

async function echoRunner(messages: Messages): Promise<Runner> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', ECHO], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: packageRoot,
  });
  const port = await new Promise<number>((resolve) => child.stdout?.once('data', (d) => resolve(Number(String(d)))));
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once('open', resolve));
  let waiting = 0;
  let answered: () => void = () => {};
  socket.on('message', () => {
    if (--waiting === 0) answered();
  });
  return {
    round: async () => {
      const at = performance.now();
      const texts = messages(Math.round(at * 1e6));
      waiting = texts.length;
      const answer = new Promise<void>((resolve) => {
        answered = resolve;
      });
      for (const text of texts) socket.send(text);
      await answer;
      return performance.now() - at;
    },
    close: async () => {
      socket.terminate();
      await end(child);
    },
  };
}
