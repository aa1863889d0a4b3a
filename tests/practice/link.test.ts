import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { EpisodeFolder } from '../../src/practice/episode-folder.ts';
import { LearnerLink, type LearnerLinkOptions } from '../../src/practice/learner-link.ts';
import { LearnerServer } from '../../src/practice/learner-server.ts';
import { PracticeLearner } from '../../src/practice/practice-learner.ts';
import { encode, PROTOCOL } from '../../src/practice/protocol.ts';
import { episode, learnerIn, SIZES } from './make.ts';

let dir: string;
let count = 0;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-link-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const TOKEN = 'a token of the test';
const CONFIG = 'c'.repeat(64);
const place = (name: string) => join(dir, `${name}-${count++}`);

async function serve(folder: string, port = 0) {
  const said: string[] = [];
  const learner = new PracticeLearner(learnerIn(folder, { onWeights: (w) => server?.publish(w) }));
  const server: LearnerServer = new LearnerServer({
    ...{ host: '127.0.0.1', port, token: TOKEN, config: CONFIG, sizes: SIZES, learner },
    say: (line) => void said.push(line),
  });
  const at = await server.listen();
  onTestFinished(() => server.close());
  return { learner, server, said, port: at.port };
}

function actor(port: number, over: Partial<LearnerLinkOptions> = {}, config = CONFIG) {
  const spool = new EpisodeFolder(place('spool'));
  const weights: number[] = [];
  const links: [boolean, string][] = [];
  const link = new LearnerLink({
    ...{ url: `ws://127.0.0.1:${port}`, token: TOKEN, spool, rejected: place('rejected') },
    hello: () => ({ config, observation_size: 2, action_size: 1, version: 0 }),
    onWelcome: () => {},
    onWeights: ({ version }) => void weights.push(version),
    onLink: (up, why) => void links.push([up, why]),
    ...over,
  });
  onTestFinished(() => link.close());
  const give = (id: string, n = 4, from = 0) => {
    spool.add(id, encode({ kind: 'episode', ...episode(id, n, {}, from) }));
    link.kick();
  };
  return { link, spool, weights, links, give };
}
const eventually = (test: () => void) => vi.waitFor(test, { timeout: 10_000, interval: 5 });

describe('actor and learner', () => {
  it('episodes go, weights come', async () => {
    const { learner, port } = await serve(place('learner'));
    const { spool, weights, give } = actor(port);
    for (let k = 0; k < 4; k++) give(`e-${k}`, 4, 10 * k);
    await eventually(() => expect(weights).toEqual([8, 16]));
    expect(spool.size).toBe(0);
    expect(learner.learned).toBe(4);
  });

  it('without a learner the spool keeps them, and the link says that nobody is there', async () => {
    const { learner, server, port } = await serve(place('learner'));
    const { spool, links, link, give } = actor(port);
    give('e-0');
    await eventually(() => expect(link.counts.acknowledged).toBe(1));
    await server.close();
    await eventually(() => expect(links.at(-1)![0]).toBe(false));
    for (const id of ['e-1', 'e-2']) give(id);
    expect(spool.ids).toEqual(['e-1', 'e-2']);
    await learner.end();

    const back = await serve(learner.episodes.path.replace(/\/episodes$/, ''), port);
    await eventually(() => expect(spool.size).toBe(0));
    expect(links.map(([up]) => up).at(-1)).toBe(true);
    expect(back.learner.episodes.ids).toEqual(['e-0', 'e-1', 'e-2']);
  });

  it('an acknowledgement that was lost costs nothing: the episode comes again and counts once', async () => {
    const { learner, port } = await serve(place('learner'));
    const e = episode('e-0', 4);
    learner.take(e, encode({ kind: 'episode', ...e }));
    const { link, spool, give } = actor(port);
    give('e-0');
    await eventually(() => expect(spool.size).toBe(0));
    expect(link.counts.acknowledged).toBe(1);
    await learner.work();
    expect(learner.learned).toBe(1);
  });

  it('one that cannot be learned from is put aside, and the next one goes', async () => {
    const { learner, said, port } = await serve(place('learner'));
    const rejected = place('rejected');
    const { link, spool, give } = actor(port, { rejected });
    spool.add('bad', encode({ kind: 'episode', ...episode('bad', 3, { cost: new Float64Array(7) }) }));
    spool.add(
      'worse',
      encode({ kind: 'episode', ...episode('worse', 3, { reward: Float64Array.of(1, Number.NaN, 0) }) }),
    );
    give('good');
    await eventually(() => expect(spool.size).toBe(0));
    expect(link.counts).toEqual({ acknowledged: 1, rejected: 2, lost: 0, notKept: 0 });
    expect(readdirSync(rejected).sort()).toEqual(['bad.cbor', 'worse.cbor']);
    expect(learner.episodes.ids).toEqual(['good']);
    expect(said.join('\n')).toMatch(/episode bad is rejected: cost of 7 numbers; allowed for 3 decisions: 3/);
  });

  it('one that can be neither learned from nor put aside is let go, counted and said once: the link stays', async () => {
    const { port } = await serve(place('learner'));
    const [rejected, said] = [place('a-file'), [] as string[]];
    // No folder can be made there: `mkdir` fails as it does on a disk without room, only for another reason.
    writeFileSync(rejected, '');
    const { link, links, spool, give } = actor(port, { rejected, say: (text) => void said.push(text) });
    for (const id of ['bad', 'worse'])
      spool.add(id, encode({ kind: 'episode', ...episode(id, 3, { cost: new Float64Array(7) }) }));
    give('good');
    await eventually(() => expect(spool.size).toBe(0));
    expect(link.counts).toEqual({ acknowledged: 1, rejected: 2, lost: 2, notKept: 0 });
    expect(said).toEqual([expect.stringMatching(/^rejected episodes cannot be put aside, and are let go: EEXIST/)]);
    expect(links).toEqual([[true, '']]);
  });

  it('a rejected one for which the disk has no room leaves nothing behind', async () => {
    const { port } = await serve(place('learner'));
    const [rejected, said] = [place('rejected'), [] as string[]];
    mkdirSync(rejected);
    symlinkSync('/dev/full', join(rejected, 'bad.cbor'));
    const { link, spool, give } = actor(port, { rejected, say: (text) => void said.push(text) });
    spool.add('bad', encode({ kind: 'episode', ...episode('bad', 3, { cost: new Float64Array(7) }) }));
    give('good');
    await eventually(() => expect(spool.size).toBe(0));
    expect(link.counts).toMatchObject({ acknowledged: 1, rejected: 1, lost: 1 });
    expect(said).toEqual(['rejected episodes cannot be put aside, and are let go: the disk is full']);
    expect(readdirSync(rejected)).toEqual([]);
  });

  it('a learner that can keep nothing is asked less and less often, and both say so once', async () => {
    const folder = place('learner');
    const { learner, said, port } = await serve(folder);
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    let refusals = 0;
    const take = learner.take.bind(learner);
    learner.take = (...asked) => {
      if (refusals++ < 3) throw full;
      return take(...asked);
    };
    const began = performance.now();
    const { link, links, spool, give } = actor(port, { retryMs: 20 });
    give('e-0');
    await eventually(() => expect(spool.size).toBe(0));
    expect(link.counts).toMatchObject({ acknowledged: 1, notKept: 3 });
    // 40, 80 and 160 ms, where a link that merely broke has 20 each time. No timer is early.
    expect(performance.now() - began).toBeGreaterThan(270);
    expect(links).toEqual([
      [true, ''],
      [false, 'it has no room for episodes'],
      [true, ''],
    ]);
    expect(said.filter((line) => line.includes('an actor is here'))).toHaveLength(1);
    expect(said.filter((line) => line.includes('the disk'))).toEqual([
      'the disk is full: no room for episodes; they wait at the actor',
      'the disk has room for episodes again',
    ]);
    expect(said.some((line) => line.includes('gone'))).toBe(false);
  });

  it('an actor of another config is refused, and both say why', async () => {
    const { said, port } = await serve(place('learner'));
    const { links } = actor(port, {}, 'd'.repeat(64));
    await eventually(() => expect(links).toEqual([[false, expect.stringMatching(/its config is another/)]]));
    expect(said.join()).toMatch(/refused: its config is another/);
  });

  it('one who comes after the weights were made gets them, unless it has them', async () => {
    const { learner, port } = await serve(place('learner'));
    for (const id of ['a', 'b']) learner.take(episode(id, 4), encode({ kind: 'episode', ...episode(id, 4) }));
    await learner.work();
    const late = actor(port);
    await eventually(() => expect(late.weights).toEqual([8]));
    const hello = () => ({ config: CONFIG, observation_size: 2, action_size: 1, version: 8 });
    const has = actor(port, { hello });
    await eventually(() => expect(has.links).toEqual([[true, '']]));
    expect(has.weights).toEqual([]);
  });

  it.each([
    ['without a token', {}, PROTOCOL, 401],
    ['with a wrong one', { authorization: 'Bearer nonsense' }, PROTOCOL, 401],
    ['from a web page', { authorization: `Bearer ${TOKEN}`, origin: 'https://example.org' }, PROTOCOL, 403],
    ['in another protocol', { authorization: `Bearer ${TOKEN}` }, 'reflexarc.practice.v0', 400],
  ])('a stranger %s does not come in', async (_who, headers, protocol, status) => {
    const { port } = await serve(place('learner'));
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, protocol, { headers });
    socket.on('error', () => {});
    const answer = await new Promise<number | undefined>((resolve) =>
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode)),
    );
    expect(answer).toBe(status);
    socket.terminate();
  });

  it('an episode before hello, and bytes that are no message, end the connection', async () => {
    const { port } = await serve(place('learner'));
    for (const first of [encode({ kind: 'episode', ...episode('e', 3) }), Buffer.from([0x01])]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, PROTOCOL, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      socket.on('open', () => socket.send(first));
      expect(await new Promise((resolve) => socket.on('close', resolve))).toBe(1008);
    }
  });
});
