/** A rosbridge v2 operation as a client sent it: any field may be anything. */
export type Operation = Readonly<Record<string, unknown>>;
