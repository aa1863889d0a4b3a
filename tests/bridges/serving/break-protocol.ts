import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Sends a frame that no websocket may send, of a reserved opcode; masked, as one of a client is, unless told otherwise. */
export function breakProtocol(socket: WebSocket, masked = true): void {
  const { _socket: raw } = socket as unknown as { _socket: Socket };
  raw.write(masked ? Buffer.of(0x83, 0x80, 0, 0, 0, 0) : Buffer.of(0x83, 0x00));
}
