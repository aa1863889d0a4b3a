/**
 * The robot's side of the bridge benches, in a process of its own: `ours` is our rosbridge server, `ws` a bare websocket
 * server that speaks just enough of the protocol. Orders and answers are lines of JSON (robot.ts). Ends when its stdin does.
 */
import { createInterface } from 'node:readline';
import type { RobotAnswer, RobotOrder } from './robot.ts';
import { BareEnd, OurEnd, type RobotEnd } from './robot-ends.ts';

/** How long the last answers may take, and how often a state is said until it is answered, ms. */
const LAST_MS = 100;
const AGAIN_MS = 5;
/** States that are told apart by their number; the last one is no state of a measurement. */
const NUMBERS = 1 << 20;

/** Milliseconds of the state with this number; NaN once it is answered. */
const sentMs = new Float64Array(NUMBERS).fill(Number.NaN);
let answered: number[] = [];
let onAnswer: () => void = () => {};

const say = (what: RobotAnswer | number) => process.stdout.write(`${JSON.stringify(what)}\n`);
const end: RobotEnd = process.argv[2] === 'ours' ? new OurEnd(answer) : new BareEnd(answer);
say(await end.listen());

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line) as RobotOrder;
    const done = (answeredMs?: number[]) => say({ done: order.op, ...(answeredMs && { answeredMs }) });
    if (order.op === 'forget') {
      end.forget();
      done();
    } else if (order.op === 'ready') ready(done);
    else if (order.op === 'flood') end.flood(order.count, done);
    else pace(order.hz, order.count, done);
  })
  .on('close', () => process.exit(0));

function publish(number: number): void {
  sentMs[number] = performance.now();
  end.publish(number);
}

function answer(number: number): void {
  const at = sentMs[number];
  if (at === undefined || Number.isNaN(at)) return;
  answered.push(performance.now() - at);
  sentMs[number] = Number.NaN;
  onAnswer();
}

function ready(done: () => void): void {
  const again = setInterval(() => publish(NUMBERS - 1), AGAIN_MS);
  onAnswer = () => {
    clearInterval(again);
    onAnswer = () => {};
    done();
  };
}

/** `count` states at `hz`, by a loop that does not sleep; then a moment for the last answers. */
function pace(hz: number, count: number, done: (answeredMs: number[]) => void): void {
  answered = [];
  sentMs.fill(Number.NaN);
  const begin = performance.now();
  let sent = 0;
  const step = () => {
    const now = performance.now();
    // What is late is sent late: a robot does not catch up.
    if (now >= begin + (sent * 1000) / hz && sent < count) publish(sent++);
    if (sent < count) setImmediate(step);
    else finish();
  };
  const finish = () => {
    const last = setTimeout(() => finished(), LAST_MS);
    const finished = () => {
      clearTimeout(last);
      onAnswer = () => {};
      done(answered);
    };
    onAnswer = () => {
      if (answered.length === count) finished();
    };
    onAnswer();
  };
  step();
}
