import { type LoggedTick, TOPIC } from './topics.ts';

/** A place in a log where something took authority from the policy, and why. */
export interface Incident {
  at_s: number;
  /** Tick of the gate. */
  tick: number;
  kind: 'stop' | 'recovery' | 'residual cut' | 'takeover';
  cause: string;
  /** One sentence with the numbers. */
  text: string;
}

interface LoggedTransition {
  from_mode: string;
  to_mode: string;
  cause: string;
  detail: string;
  value: number;
  limit: number;
  incident: number;
}

/** Listed at most; the counts go on. */
const MOST = 5000;
/** A residual that was cut counts anew when it was whole for so many ticks. */
const WHOLE_TICKS = 20;

const STOPS = ['STOPPING', 'ESTOP', 'FAULT'];
/** Ends that a person asked for are no interventions. */
const ASKED = ['disengage', 'disarm', 'operator_stop'];

/** Finds the incidents of a log, message by message. */
export class Incidents {
  readonly list: Incident[] = [];
  readonly stops: Record<string, number> = {};
  readonly interventions: Record<string, number> = {};
  #tick = 0;
  /** Share of the residual that the operator allows: the largest seen of late. */
  #allowed = 0;
  #cut = false;
  #whole = 0;
  #source = '';
  #last: LoggedTick | null = null;

  take(atS: number, topic: string, message: Record<string, unknown>): void {
    if (topic === TOPIC.tick) this.#onTick(atS, message as unknown as LoggedTick);
    else if (topic === TOPIC.transition) this.#onTransition(atS, message as unknown as LoggedTransition);
  }

  #add(incident: Incident): void {
    if (this.list.length < MOST) this.list.push(incident);
    if (incident.kind === 'stop' && ASKED.includes(incident.cause)) return;
    const name = incident.kind === 'stop' ? incident.cause : incident.kind;
    this.interventions[name] = (this.interventions[name] ?? 0) + 1;
  }

  #onTransition(atS: number, t: LoggedTransition): void {
    const place = { at_s: atS, tick: this.#tick };
    if (STOPS.includes(t.to_mode)) {
      this.stops[t.cause] = (this.stops[t.cause] ?? 0) + 1;
      const text = `${t.from_mode} → ${t.to_mode}: ${t.detail} (incident ${t.incident})`;
      this.#add({ ...place, kind: 'stop', cause: t.cause, text });
    } else if (t.to_mode === 'RECOVERY')
      this.#add({ ...place, kind: 'recovery', cause: t.cause, text: `recovery: ${t.detail}${this.#risk()}` });
  }

  #onTick(atS: number, tick: LoggedTick): void {
    this.#tick = tick.seq;
    this.#last = tick;
    if (tick.source === 'takeover' && this.#source !== 'takeover')
      this.#add({ ...{ at_s: atS, tick: tick.seq, kind: 'takeover', cause: 'takeover' }, text: 'a person took over' });
    this.#source = tick.source;
    if (tick.source !== 'policy') return;
    const share = tick.residual_fraction;
    if (share > this.#allowed) this.#allowed = share;
    if (share >= this.#allowed - 1e-12) {
      if (++this.#whole >= WHOLE_TICKS) this.#cut = false;
      return;
    }
    this.#whole = 0;
    if (this.#cut) return;
    this.#cut = true;
    const text = `residual cut to ${share.toFixed(2)} of ${this.#allowed.toFixed(2)}${this.#risk()}`;
    this.#add({ ...{ at_s: atS, tick: tick.seq, kind: 'residual cut', cause: 'risk' }, text });
  }

  #risk(): string {
    const risk = this.#last?.risk ?? Number.NaN;
    return Number.isNaN(risk) ? '' : `; risk of what is left ${risk.toFixed(2)}`;
  }
}
