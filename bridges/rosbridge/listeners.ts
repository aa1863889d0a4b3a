/** A call of a service of rosapi, in the server's dialect: its name, its type, its arguments. */
export type Ask = (service: string, type: string, args: object) => Promise<Record<string, unknown>>;

/** Who hears what we say on a topic. */
export interface Listeners {
  /** Words for the nodes that hear it and are none of the robot's; empty when somebody else does. */
  missing: string;
  /** Somebody publishes there. Our own `advertise` may not be known yet. */
  published: boolean;
}

/** Our server gives each of its websocket clients a node of its own; a ROS bridge is one node for all of them. */
const CLIENT = /^\/client_\d+$/;

/**
 * Asks rosapi who hears what we say on a topic. What is no listener: a node that publishes there too, which is the bridge
 * with us on it (our observer hears the commands), and a client of our server that publishes nothing and offers nothing,
 * which looks on. Null where rosapi does not tell.
 */
export async function listenersOf(topic: string, ask: Ask): Promise<Listeners | null> {
  const told = async (service: string, type: string, args: object) => ask(service, type, args).catch(() => null);
  const subscribers = namesIn(await told('subscribers', 'Subscribers', { topic }), 'subscribers');
  if (subscribers === null) return null;
  if (subscribers.length === 0) return { missing: 'nobody', published: true };
  const publishers = namesIn(await told('publishers', 'Publishers', { topic }), 'publishers') ?? [];
  const published = publishers.length > 0;
  for (const node of subscribers) {
    if (publishers.includes(node)) continue;
    if (!CLIENT.test(node) || !looksOn(await told('node_details', 'NodeDetails', { node }), topic))
      return { missing: '', published };
  }
  return { missing: `nobody but ${subscribers.join(', ')}`, published };
}

/** Its topics as rosapi tells them, or null for an answer without. */
function namesIn(answer: Record<string, unknown> | null, field: string): string[] | null {
  const names = answer?.[field];
  return Array.isArray(names) ? names.map(String) : null;
}

function looksOn(details: Record<string, unknown> | null, topic: string): boolean {
  const isNone = (field: string) => namesIn(details, field)?.length === 0;
  return (namesIn(details, 'subscribing') ?? []).includes(topic) && isNone('publishing') && isNone('services');
}
