import { venv } from './venv.ts';

const VERSION = '2.1.0';
const made = venv(`roslibpy-${VERSION}`, [`roslibpy==${VERSION}`], 'roslibpy');

/** A Python that has roslibpy, and what makes it. */
export const ROSLIBPY = made.python;
export const prepareRoslibpy = made.prepare;
