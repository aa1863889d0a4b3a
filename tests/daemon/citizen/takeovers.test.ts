import { describe, expect, it } from 'vitest';
import type { Takeover } from '../../../src/core/signals.ts';
import { TakeoverDoor } from '../../../src/daemon/citizen/takeovers.ts';

const message = (changes: object = {}) => ({
  ...{ header: {}, epoch: 1_700_000_000_123, command_seq: 71, seq: 5, action: [0, -1, 0.5, 0], release: false },
  ...{ operator: 'desk' },
  ...changes,
});
const at = (port: 'server' | 'robot', id = 1) => ({ port, id });

function made(from: ('server' | 'robot')[] = ['server', 'robot'], takes = true) {
  const delivered: Takeover[] = [];
  const door = new TakeoverDoor({
    from,
    deliver: (takeover) => {
      delivered.push(takeover);
      return takes;
    },
  });
  return { door, delivered };
}

describe('the door before the gate', () => {
  it('lets a whole message through, as numbers', () => {
    const { door, delivered } = made();
    expect(door.knock(message(), at('server'))).toBe('');
    expect(delivered).toEqual([
      {
        ...{ holder: 1, epoch: 1_700_000_000_123, seq: 5, commandSeq: 71, release: false },
        action: Float64Array.of(0, -1, 0.5, 0),
      },
    ]);
    expect(door.refused).toBe(0);
  });

  it('a number that came as null is none: the gate sees that, and never a zero', () => {
    const { door, delivered } = made();
    door.knock(message({ action: [0, null, 0, 0] }), at('server'));
    expect(delivered[0]!.action).toEqual(Float64Array.of(0, Number.NaN, 0, 0));
  });

  it('takes what came as CDR: integers of 64 bits, typed numbers', () => {
    const { door, delivered } = made();
    const cdr = { epoch: 1_700_000_000_123n, seq: 5n, action: Float64Array.of(0, -1, 0.5, 0) };
    expect(door.knock(message(cdr), at('server'))).toBe('');
    expect(delivered[0]).toMatchObject({ epoch: 1_700_000_000_123, seq: 5, action: cdr.action });
  });

  it('a release needs no action', () => {
    const { door, delivered } = made();
    const { action: _, ...release } = message({ release: true });
    expect(door.knock(release, at('server'))).toBe('');
    expect(delivered[0]).toMatchObject({ release: true, action: new Float64Array(0) });
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['text', 'go left'],
    ['no epoch', message({ epoch: undefined })],
    ['a negative epoch', message({ epoch: -1 })],
    ['an epoch that is text', message({ epoch: '5' })],
    ['half a sequence', message({ seq: 1.5 })],
    ['no command', message({ command_seq: null })],
    ['a number instead of an action', message({ action: 1 })],
    ['text in the action', message({ action: ['1', 0, 0, 0] })],
    ['a thousand and more numbers', message({ action: Array(1025).fill(0) })],
    ['a release that is text', message({ release: 'false' })],
    ['a name of a kilobyte', message({ operator: 'x'.repeat(1000) })],
    ['a name that is none', message({ operator: 7 })],
  ])('%s is malformed, counted, and goes nowhere', (_what, bad) => {
    const { door, delivered } = made();
    expect(door.knock(bad, at('server'))).toBe('malformed');
    expect([door.refused, door.lastRefusal, delivered]).toEqual([1, 'malformed', []]);
  });

  it('is shut where nobody may take over, whatever he says', () => {
    const { door, delivered } = made(['server']);
    expect(door.knock(message(), at('robot'))).toBe('not permitted');
    expect(door.knock(null, at('robot'))).toBe('not permitted');
    expect([door.refused, delivered]).toEqual([2, []]);
    expect(door.knock(message(), at('server'))).toBe('');
    expect(made([]).door.knock(message(), at('server'))).toBe('not permitted');
  });

  it('says so when there is no reflex to take it', () => {
    const { door } = made(['server'], false);
    expect(door.knock(message(), at('server'))).toBe('the reflex does not take it');
    expect(door.refused).toBe(1);
  });

  it('a person on our server is a connection, whatever he calls himself; on the robot he is what he says', () => {
    const { door, delivered } = made();
    const people: [object, { port: 'server' | 'robot'; id: number }][] = [
      [{ operator: 'desk' }, at('server', 1)],
      [{ operator: 'desk' }, at('server', 2)],
      [{ operator: 'somebody else' }, at('server', 1)],
      [{ operator: 'desk' }, at('robot', 0)],
      [{ operator: 'joystick' }, at('robot', 0)],
      [{ operator: 'desk' }, at('robot', 0)],
      [{ operator: '' }, at('server', 3)],
    ];
    for (const [changes, client] of people) door.knock(message(changes), client);
    expect(delivered.map((t) => t.holder)).toEqual([1, 2, 1, 3, 4, 3, 5]);
    expect([0, 1, 4, 5, 99].map((holder) => door.nameOf(holder))).toEqual([
      ...['', 'desk', 'joystick', 'client 3 of server', 'person 99'],
    ]);
  });

  it('remembers the last 64 people and whoever has taken over', () => {
    const { door, delivered } = made();
    door.knock(message(), at('server', 1));
    door.knock(message(), at('server', 2));
    door.observeGate(1, 0, '');
    for (let id = 100; id < 200; id++) door.knock(message(), at('server', id));
    door.knock(message(), at('server', 1));
    door.knock(message(), at('server', 2));
    expect(delivered.slice(-2).map((t) => t.holder)).toEqual([1, 103]);
  });

  it("counts the gate's refusals with its own, also after the reflex began anew", () => {
    const { door } = made();
    door.knock(null, at('server'));
    door.observeGate(0, 4, 'stale');
    expect([door.refused, door.lastRefusal]).toEqual([5, 'stale']);
    door.observeGate(0, 4, 'stale');
    door.knock(null, at('server'));
    expect([door.refused, door.lastRefusal]).toEqual([6, 'malformed']);
    door.observeGate(0, 1, 'old epoch');
    expect([door.refused, door.lastRefusal]).toEqual([7, 'old epoch']);
  });
});
