import { TYPES } from '../../bridges/messages/messages.ts';
import type { ServiceHandler } from '../../bridges/serving/service.ts';
import type { OperatorRequest } from '../core/signals.ts';
import type { ReflexClient } from './operator.ts';

/** A server that offers services: of rosbridge, or of the live view. */
interface ServiceServer {
  advertiseService(name: string, type: string, handler: ServiceHandler): void;
}
type Ask = (request: OperatorRequest) => Promise<{ accepted: boolean; reason: string }>;

/** The daemon as a ROS citizen: `/reflexarc/{arm,engage,…}` as std_srvs/Trigger. `reset` answers the latest incident. */
export function offerServices(server: ServiceServer, reflex: ReflexClient, ask: Ask): void {
  const offer = (name: string, request: () => OperatorRequest) =>
    server.advertiseService(`/reflexarc/${name}`, TYPES.trigger, async () => {
      const { accepted, reason } = await ask(request());
      return { success: accepted, message: reason };
    });
  for (const kind of ['arm', 'engage', 'disengage', 'disarm', 'stop', 'estop', 'estop_release'] as const)
    offer(kind, () => ({ kind }));
  offer('reset', () => ({ kind: 'reset', incident: reflex.status$.value?.incident ?? 0 }));
}
