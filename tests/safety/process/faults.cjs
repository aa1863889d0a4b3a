/**
 * Loaded into every process of a daemon under test (`NODE_OPTIONS=--require`): on SIGUSR2 a process does to itself what
 * the file of its name in REFLEXARC_TEST_FAULTS says.
 */
const { readFileSync } = require('node:fs');
const { Socket } = require('node:net');
const { basename, join } = require('node:path');

const block = (ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};
/** Does `act` every `everyMs` for `ms`. */
const repeat = (act, everyMs, ms) => {
  const timer = setInterval(act, everyMs);
  setTimeout(() => clearInterval(timer), ms);
};

const FAULTS = {
  block50: () => repeat(() => block(50), 200, 3000),
  block500: () => block(500),
  churn: () => repeat(() => Array.from({ length: 20_000 }, (_, i) => ({ i, of: [i] })), 5, 3000),
  leak: () => {
    const kept = [];
    repeat(() => kept.push(Array.from({ length: 200_000 }, (_, i) => ({ i }))), 1, 60_000);
  },
  // A policy that says NaN: the decisions of the next 300 ms, kind 1 of the link (src/daemon/link.ts), lose their first number.
  nan: () => {
    const { write } = Socket.prototype;
    Socket.prototype.write = function (frame, ...rest) {
      if (Buffer.isBuffer(frame) && frame[4] === 1) frame.writeDoubleLE(Number.NaN, 8 + 8 + 8 * 7);
      return write.call(this, frame, ...rest);
    };
    setTimeout(() => {
      Socket.prototype.write = write;
    }, 300);
  },
  throw: () => {
    throw new Error('a fault under test');
  },
  reject: () => void Promise.reject(new Error('a fault under test')),
};

const dir = process.env.REFLEXARC_TEST_FAULTS;
const name = basename(process.argv[1] ?? '', '.js');
if (dir) process.on('SIGUSR2', () => FAULTS[readFileSync(join(dir, name), 'utf8')]());
