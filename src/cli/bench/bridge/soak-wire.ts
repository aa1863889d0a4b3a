import { connect, createServer, type Server, type Socket } from 'node:net';
import { CUTS, type Cut } from './soak-terms.ts';

/** How long a dead wire stays dead: longer than the client needs to find out. */
const DEAD_MS = 1000;

/** One connection through the wire. */
export interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** Nothing that is written from now on arrives. */
  cut: boolean;
}

/** A way to the server on a port of this machine that is cut, in each of the ways in turns. */
export class Wire {
  cuts = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #refusing = false;

  constructor(serverPort: () => number) {
    this.#server = createServer((near) => {
      if (this.#refusing) near.destroy();
      else this.#join(near, connect(serverPort(), '127.0.0.1'));
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) =>
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as { port: number }).port)),
    );
  }

  /** The connection whose end at the server's side has this port. */
  of(port: number | undefined): Pair | undefined {
    return [...this.#pairs].find(({ far }) => far.localPort === port);
  }

  #join(near: Socket, far: Socket): void {
    const pair: Pair = { near, far, cut: false };
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      destroy(pair);
    };
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => near.write(bytes));
  }

  readonly #ways: Readonly<Record<Cut, () => void>> = {
    all: () => [...this.#pairs].forEach(destroy),
    // Whichever it is: over time each of them is.
    one: () => destroy([...this.#pairs][Math.floor(this.cuts / CUTS.length) % this.#pairs.size]!),
    /** Half open: what is written goes nowhere, and nobody is told. */
    dead: () => {
      const dead = [...this.#pairs];
      for (const pair of dead) {
        pair.cut = true;
        pair.near.removeAllListeners('data').resume();
        pair.far.removeAllListeners('data').resume();
      }
      setTimeout(() => dead.forEach(destroy), DEAD_MS);
    },
    /** The server is away for a while, as at a restart. */
    away: () => {
      this.#refusing = true;
      [...this.#pairs].forEach(destroy);
      setTimeout(() => {
        this.#refusing = false;
      }, DEAD_MS / 2);
    },
  };

  /** The next way, unless there is nothing to cut. */
  cutNext(): void {
    if (this.#pairs.size === 0) return;
    this.#ways[CUTS[this.cuts % CUTS.length]!]();
    this.cuts++;
  }
}

function destroy(pair: Pair): void {
  pair.cut = true;
  pair.near.destroy();
  pair.far.destroy();
}
