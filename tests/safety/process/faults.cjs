/**
 * Loaded into every process of a daemon under test (`NODE_OPTIONS=--require`): on SIGUSR2 a process does to itself what
 * the file of its name in REFLEXARC_TEST_FAULTS says. Each time that it has done so is a line in `<name>.done`, so that a test
 * can tell a fault that was borne from one that never was.
 */
const { appendFileSync, readFileSync } = require('node:fs');
const { Socket } = require('node:net');
const { basename, join } = require('node:path');
const { PerformanceObserver } = require('node:perf_hooks');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

const block = (ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};
/** Does `act` every `everyMs` for `ms`. */
const repeat = (act, everyMs, ms) => {
  const timer = setInterval(act, everyMs);
  setTimeout(() => clearInterval(timer), ms);
};

/** `done` is to be called at each time that the fault was there. */
const FAULTS = {
  block50: (done) =>
    repeat(
      () => {
        block(50);
        done();
      },
      200,
      3000,
    ),
  block500: (done) => {
    block(500);
    done();
  },
  // Garbage, and its collection at once: how soon V8 would see to it hangs on the machine. Done: a collection amid a round.
  churn: (done) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const rounds = [];
    const amid = ({ startTime }) => rounds.some(([from, to]) => startTime >= from && startTime <= to);
    const collections = new PerformanceObserver((list) => list.getEntries().filter(amid).forEach(done));
    collections.observe({ entryTypes: ['gc'] });
    repeat(
      () => {
        const from = performance.now();
        Array.from({ length: 20_000 }, (_, i) => ({ i, of: [i] }));
        collect({ type: 'minor' });
        rounds.push([from, performance.now()]);
      },
      10,
      3000,
    );
    setTimeout(() => collections.disconnect(), 3500);
  },
  leak: (done) => {
    const kept = [];
    repeat(() => kept.push(Array.from({ length: 200_000 }, (_, i) => ({ i }))), 1, 60_000);
    done();
  },
  // A policy that says NaN: the decisions of the next 300 ms, kind 1 of the link (src/daemon/link.ts), lose their first number.
  nan: (done) => {
    const { write } = Socket.prototype;
    Socket.prototype.write = function (frame, ...rest) {
      if (Buffer.isBuffer(frame) && frame[4] === 1) {
        frame.writeDoubleLE(Number.NaN, 8 + 8 + 8 * 7);
        done();
      }
      return write.call(this, frame, ...rest);
    };
    setTimeout(() => {
      Socket.prototype.write = write;
    }, 300);
  },
  throw: (done) => {
    done();
    throw new Error('a fault under test');
  },
  reject: (done) => {
    done();
    void Promise.reject(new Error('a fault under test'));
  },
};

const dir = process.env.REFLEXARC_TEST_FAULTS;
const name = basename(process.argv[1] ?? '', '.js');
if (dir)
  process.on('SIGUSR2', () => {
    const what = readFileSync(join(dir, name), 'utf8');
    FAULTS[what](() => appendFileSync(join(dir, `${name}.done`), `${what}\n`));
  });
