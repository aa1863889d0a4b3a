import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Sends a frame that no websocket may send, of a reserved opcode; masked, as one of a client is, unless told otherwise. */
export function breakProtocol(socket: WebSocket, masked = true): void {
  const { _socket: raw } = socket as unknown as { _socket: Socket };
  raw.write(masked ? Buffer.of(0x83, 0x80, 0, 0, 0, 0) : Buffer.of(0x83, 0x00));
}

/** Sends the first half of a text as a server sends it, and leaves it at that. Its length is told in 64 bits: long texts only. */
export function half(socket: WebSocket, text: string): void {
  const { _socket: raw } = socket as unknown as { _socket: Socket };
  const head = Buffer.of(0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0);
  head.writeBigUInt64BE(BigInt(Buffer.byteLength(text)), 2);
  raw.write(Buffer.concat([head, Buffer.from(text.slice(0, text.length / 2))]));
}
