/** What an episode can be scored by. */
export const METRICS = ['success', 'return', 'violation', 'cost', 'interventions', 'steps', 'max_force'] as const;
export type Metric = (typeof METRICS)[number];
