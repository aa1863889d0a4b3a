import { globalName } from '../messages/names.ts';
import type { Connection, Manner } from './connection.ts';
import { text } from './fields.ts';
import type { Operation } from './operation.ts';
import { type Refusal, refuse } from './refusal.ts';

/** action_msgs/msg/GoalStatus */
export const STATUS_UNKNOWN = 0;
export const STATUS_ABORTED = 6;

/** Goals that one client may have under way. */
const MAX_GOALS = 32;

export interface Offer {
  /** As the client that offers it writes it. */
  readonly spelling: string;
  readonly type: string;
  readonly provider: Connection;
}

export interface Goal {
  /** Our name of it, towards the client that carries it out. */
  readonly id: string;
  readonly action: string;
  readonly provider: Connection;
  readonly from: Connection;
  /** The name of the goal and of the action as its sender writes them. */
  readonly senderId: unknown;
  readonly spelling: string;
  readonly feedback: boolean;
  readonly manner: Manner;
}

/** Actions of ROS 2, carried out by clients for other clients: goals, feedback, results, and cancelling. */
export class Goals {
  /** By global name. */
  readonly offers = new Map<string, Offer>();
  readonly #goals = new Map<string, Goal>();
  #nextId = 1;

  send(from: Connection, offer: Offer, op: Operation, manner: Manner): Refusal | null {
    let underWay = 0;
    for (const goal of this.#goals.values()) {
      if (goal.from !== from) continue;
      underWay++;
      if (op.id !== undefined && goal.senderId === op.id)
        return refuse('bad_field', `a goal with id ${String(op.id).slice(0, 80)} is under way`);
    }
    if (underWay >= MAX_GOALS) return refuse('limit', `no more than ${MAX_GOALS} goals under way`);
    const goal: Goal = {
      id: `action_goal:${offer.spelling}:${this.#nextId++}`,
      action: globalName(offer.spelling),
      provider: offer.provider,
      from,
      senderId: op.id,
      spelling: text(op.action),
      feedback: op.feedback === true,
      manner,
    };
    this.#goals.set(goal.id, goal);
    offer.provider.reply({
      op: 'send_action_goal',
      id: goal.id,
      action: offer.spelling,
      action_type: offer.type,
      args: op.args ?? {},
      feedback: true,
    });
    return null;
  }

  /** The goal that a client is carrying out under this name of ours; null for any other. */
  carriedOutBy(provider: Connection, id: unknown): Goal | null {
    const goal = this.#goals.get(text(id));
    return goal?.provider === provider ? goal : null;
  }

  /** The goal that a client sent under this name of its own; null for any other. */
  sentBy(from: Connection, id: unknown): Goal | null {
    for (const goal of this.#goals.values()) if (goal.from === from && goal.senderId === id) return goal;
    return null;
  }

  cancel(goal: Goal): void {
    const offer = this.offers.get(goal.action);
    goal.provider.reply({ op: 'cancel_action_goal', id: goal.id, action: offer?.spelling ?? goal.action });
  }

  cancelAll(action: string): void {
    for (const goal of this.#goals.values()) if (goal.action === action) this.cancel(goal);
  }

  /** The goal's end, told to its sender. */
  finish(goal: Goal, result: boolean, status: number, values: unknown): void {
    this.#goals.delete(goal.id);
    tell(goal, 'action_result', { values, status, result });
  }

  /** Nobody carries these out any longer. */
  abandon(provider: Connection, why: string, action?: string): void {
    for (const goal of [...this.#goals.values()])
      if (goal.provider === provider && (action === undefined || goal.action === action))
        this.finish(goal, false, STATUS_ABORTED, why);
  }

  /** Takes back what a client offers, and cancels what it sent: nobody is there to be told. */
  leave(client: Connection): void {
    for (const name of client.actions) this.offers.delete(name);
    this.abandon(client, 'the client that carried it out has left');
    for (const goal of [...this.#goals.values()]) {
      if (goal.from !== client) continue;
      this.cancel(goal);
      this.#goals.delete(goal.id);
    }
  }
}

export function tell(goal: Goal, op: string, fields: object): void {
  const id = goal.senderId === undefined ? {} : { id: goal.senderId };
  goal.from.reply({ op, ...id, action: goal.spelling, ...fields }, goal.manner);
}
