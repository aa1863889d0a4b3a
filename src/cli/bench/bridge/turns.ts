/** Rates of a state, Hz, that every closed loop and every relay is measured at. */
export const RATES = [100, 500, 1000, 2000] as const;
/** Turns of each subject that count; fewer are a look, not a test. */
export const ROUNDS = 5;
const TURN_MS = 400;
const LOOK_MS = 100;

/** States of one turn of a subject at a rate. */
export const statesOf = (hz: number, rounds: number): number =>
  Math.ceil((hz * (rounds >= ROUNDS ? TURN_MS : LOOK_MS)) / 1000);

/**
 * All subjects in turns, so that what else the machine does meets each. The first turn warms up code and sockets, and does not count.
 * @param measure one turn of a subject
 */
export async function inTurns<Subject>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<readonly number[]>,
): Promise<Map<Subject, number[]>> {
  const found = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round <= rounds; round++)
    for (const subject of subjects) {
      const values = await measure(subject);
      if (round > 0) found.get(subject)!.push(...values);
    }
  return found;
}
