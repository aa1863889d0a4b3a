import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCbor } from '../../bridges/messages/cbor.ts';
import { encodeCbor } from '../../bridges/messages/cbor-writer.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { configDigest, faultOf, transitionsOf } from '../../src/practice/episode.ts';
import { decode, encode, type Message } from '../../src/practice/protocol.ts';
import { episode, SIZES } from './make.ts';

describe('a message of the practice protocol', () => {
  it('comes back as it was, bit for bit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 }),
        (reward) => {
          const sent: Message = {
            kind: 'episode',
            ...episode('a-1', reward.length),
            reward: Float64Array.from(reward),
          };
          const got = decode(encode(sent));
          expect(got).toEqual(sent);
        },
      ),
    );
  });

  it('carries numbers as little-endian float64, as its first lines say', () => {
    const wire = decodeCbor(encode({ kind: 'episode', ...episode('a-1', 1), reward: Float64Array.of(1.5) }));
    expect([...(wire as { reward: Uint8Array }).reward]).toEqual([0, 0, 0, 0, 0, 0, 0xf8, 0x3f]);
  });

  const wire = (over: object) =>
    encodeCbor({ ...(decodeCbor(encode({ kind: 'episode', ...episode('a-1') })) as object), ...over });
  it.each([
    ['what is no CBOR', Buffer.from([0xff, 0x00]), /bytes: CBOR/],
    ['a kind that there is not', encodeCbor({ kind: 'reboot' }), /a message of kind reboot/],
    ['a number that is not finite', wire({ reward: nanBytes() }), /episode\.reward: a number that is not finite/],
    ['half a number', wire({ reward: new Uint8Array(4) }), /episode\.reward: 4 bytes, not whole float64/],
    ['an id that is a path', wire({ id: '../../etc/x' }), /episode\.id/],
    ['a missing key', encodeCbor({ kind: 'ack' }), /ack\.id/],
  ])('refuses %s, and says where', (_what, bytes, says) => {
    expect(() => decode(bytes)).toThrow(says);
    expect(() => decode(bytes)).toThrow(/RA_LINK_PROTOCOL/);
  });

  it('leaves alone what a later minor version may add', () => {
    expect(decode(encodeCbor({ kind: 'ack', id: 'a-1', colour: 'green' }))).toEqual({ kind: 'ack', id: 'a-1' });
  });
});

function nanBytes(): Uint8Array {
  const bytes = new Uint8Array(24);
  new DataView(bytes.buffer).setFloat64(8, Number.NaN, true);
  return bytes;
}

describe('an episode', () => {
  it('is its transitions: each with the observation after it, the last with the label', () => {
    const e = episode('a-1', 2, { intervened: Uint8Array.of(0, 2), terminated: false, truncated: true });
    const [first, last, ...more] = [...transitionsOf(e, SIZES)];
    expect(more).toEqual([]);
    expect(first).toMatchObject({ terminated: false, truncated: false, intervened: 'none', reward: 0 });
    expect(last).toMatchObject({ terminated: false, truncated: true, intervened: 'human', reward: 1 });
    expect([...first!.observation, ...first!.nextObservation]).toEqual([0, 0.01, 0.02, 0.03]);
    expect([...last!.observation, ...last!.nextObservation]).toEqual([0.02, 0.03, 0.04, 0.05]);
    expect(last!.nextBase[0]).toBe(0.1 * Math.cos(2));
  });

  it.each([
    ['sizes of another robot', { base: new Float64Array(3) }, /base of 3 numbers; allowed for 3 decisions: 4/],
    ['no decision', { reward: new Float64Array(0) }, /no decision/],
    ['two ends', { truncated: true }, /either terminated or truncated/],
    ['no end', { terminated: false }, /either terminated or truncated/],
    ['an unknown actor', { intervened: Uint8Array.of(0, 3, 0) }, /0 to 2/],
    ['an action beyond its range', { executed: Float64Array.of(0, 1.01, 0) }, /beyond \[-1, 1\]/],
  ])('with %s is none', (_what, over, says) => {
    expect(faultOf(episode('a-1'), SIZES)).toBe('');
    expect(faultOf(episode('a-1', 3, over), SIZES)).toMatch(says);
  });
});

describe('the digest of a config', () => {
  const run = (...set: string[]) => configDigest(loadRun(join(packageRoot, 'configs/runs/peg.yaml'), set).config);
  it('is that of what both sides must share', () => {
    expect(run('bridge.url=ws://127.0.0.1:1', 'daemon.ros_port=7', 'seed=9')).toBe(run());
    for (const set of ['safety.residual_bound=0.2', 'task.decision_hz=25', 'policies.residual.scale=0.1'])
      expect(run(set), set).not.toBe(run());
  });
});

describe('the documentation', () => {
  it('names every kind of message at the head of the protocol', () => {
    const text = readFileSync(join(packageRoot, 'src/practice/protocol.ts'), 'utf8');
    const head = text.slice(0, text.indexOf('*/'));
    const kinds = [...text.matchAll(/kind: z\.literal\('(\w+)'\)/g)].map((m) => m[1]!);
    expect(kinds).toHaveLength(8);
    expect(kinds.filter((kind) => !new RegExp(`[ \`]${kind}\\b`).test(head))).toEqual([]);
  });
});
