import { type SpawnOptions, spawn } from 'node:child_process';

/** systemd-notify waits for the service manager to read; a manager that does not is left after so long. */
const PATIENCE_MS = 2000;

/**
 * Words to the service manager, as sd_notify(3) has them; silent where nobody set NOTIFY_SOCKET. Node has no Unix datagram
 * socket, so systemd's own `systemd-notify` says them: at most one runs at a time, and what is said meanwhile goes with the
 * next, newest first. The unit needs `NotifyAccess=all`, since the program is no main process of it.
 */
export class ServiceNotifier {
  readonly #env: NodeJS.ProcessEnv;
  readonly #failed: (why: string) => void;
  /** Half of the time within which the manager wants to hear of us, ms; ∞ where it does not. */
  readonly #feedMs: number;
  readonly #words = new Map<string, string>();
  #on: boolean;
  #running = false;
  #fedMs = Number.NEGATIVE_INFINITY;

  /** `failed`: told once that it cannot be said, and why. */
  constructor(env: NodeJS.ProcessEnv, failed: (why: string) => void) {
    this.#env = env;
    this.#failed = failed;
    this.#on = (env.NOTIFY_SOCKET ?? '') !== '';
    const watchdogUs = Number(env.WATCHDOG_USEC ?? Number.NaN);
    this.#feedMs = watchdogUs > 0 ? watchdogUs / 2000 : Number.POSITIVE_INFINITY;
  }

  /** `READY=1`, `STATUS=…`, `STOPPING=1`. */
  say(name: 'READY' | 'STATUS' | 'STOPPING' | 'WATCHDOG', value = '1'): void {
    if (!this.#on) return;
    this.#words.set(name, value);
    if (!this.#running) this.#speak();
  }

  /** A sign of life of the tick at `nowMs`; passed on as WATCHDOG=1 at half the interval. */
  feed(nowMs: number): void {
    if (nowMs - this.#fedMs < this.#feedMs || this.#feedMs === Number.POSITIVE_INFINITY) return;
    this.#fedMs = nowMs;
    this.say('WATCHDOG');
  }

  #speak(): void {
    const words = [...this.#words].map(([name, value]) => `${name}=${value}`);
    this.#words.clear();
    this.#running = true;
    const options: SpawnOptions = { env: this.#env, stdio: 'ignore', timeout: PATIENCE_MS, killSignal: 'SIGKILL' };
    const child = spawn('systemd-notify', words, options);
    child.once('error', (error) => {
      this.#on = false;
      this.#failed(error.message);
    });
    child.once('exit', () => {
      this.#running = false;
      if (this.#words.size > 0) this.#speak();
    });
  }
}
