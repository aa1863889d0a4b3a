/** What the daemon says of itself, in its log and to who looks on: names and types. */
export const DECISION = { topic: '/reflexarc/decision', type: 'reflexarc_msgs/msg/Decision' } as const;
export const TICK = { topic: '/reflexarc/tick', type: 'reflexarc_msgs/msg/TickRecord' } as const;
export const TRANSITION = { topic: '/reflexarc/transition', type: 'reflexarc_msgs/msg/LadderTransition' } as const;

export const OURS = [DECISION, TICK, TRANSITION] as const;
