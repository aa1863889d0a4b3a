/** A leading slash, whatever the client wrote: `chatter` and `/chatter` name the same topic (or service). */
export function globalName(name: string): string {
  return name.startsWith('/') ? name : `/${name}`;
}

/** `pkg/Type` and `pkg/msg/Type` name the same type; the long spelling is kept. */
export function longType(type: string, kind: 'msg' | 'srv' | 'action' = 'msg'): string {
  const parts = type.split('/');
  return parts.length === 2 ? `${parts[0]}/${kind}/${parts[1]}` : type;
}
