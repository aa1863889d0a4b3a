import { z } from 'zod';

/** A path that starts from the folder of the file that holds it; made absolute when the run is loaded. */
export const fileHere = (what: string) => z.string().min(1).meta({ 'x-relative-to': 'file', description: what });
