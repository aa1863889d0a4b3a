import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { McapIndexedReader } from '@mcap/core';
import { FileHandleReadable } from '@mcap/nodejs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { logFileName } from '../../../bridges/mcap/files.ts';
import { logMetadata } from '../../../bridges/mcap/reader.ts';
import { crc32 } from '../../../bridges/messages/crc32.ts';
import { folder, fullDisk, readAll, recording, STRING, text, turn } from './rig.ts';

const at = folder();
afterAll(() => at.remove());

describe('size bound', () => {
  it('is never passed, not by a byte, and what is dropped is counted and said once', async () => {
    const maxBytes = 40_000;
    const path = at.path('bound.mcap');
    const { recorder, errors } = await recording(path, { maxBytes });
    for (let i = 0; i < 300; i++) recorder.record('/s', STRING, text(1000), i, i);
    await recorder.close();
    const { written, dropped, droppedBecause, bytes } = recorder.counters;
    expect(statSync(path).size).toBe(bytes);
    expect(bytes).toBeLessThanOrEqual(maxBytes);
    // 1000 characters are about 1.06 kB on disk with index: well over half of the bound must be messages.
    expect(written).toBeGreaterThan(20);
    expect(written + dropped).toBe(300);
    expect(droppedBecause).toEqual({ queue: 0, size: dropped, disk: 0, encoding: 0 });
    expect(errors.map((e) => e.code)).toEqual(['RA_LOG_WRITE']);
    const { messages, error } = await readAll(path);
    expect([messages.length, error]).toEqual([written, null]);
  });
});

describe('queue bound', () => {
  it('by count: of 5 messages in one turn with room for 3, two are dropped and counted', async () => {
    const { recorder } = await recording(at.path('count.mcap'), { maxQueued: 3 });
    for (let i = 0; i < 5; i++) recorder.record('/s', STRING, text(1), i, i);
    expect(recorder.counters).toMatchObject({ queued: 3, dropped: 2, droppedBecause: { queue: 2 } });
    await recorder.close();
    expect(recorder.counters).toMatchObject({ queued: 0, written: 3, dropped: 2 });
  });

  it('by bytes: three messages of 4000 characters do not wait in 10 000 bytes', async () => {
    const { recorder } = await recording(at.path('bytes.mcap'), { maxQueuedBytes: 10_000 });
    for (let i = 0; i < 3; i++) recorder.record('/s', STRING, text(4000), i, i);
    expect(recorder.counters.droppedBecause.queue).toBe(1);
    await recorder.close();
    expect(recorder.counters.written).toBe(2);
  });

  it('while the disk is slow: what waits in the chunk being written is counted too', async () => {
    const path = at.path('slow.mcap');
    const disk = await fullDisk(path, 1e9);
    let free = () => {};
    let slow = Promise.resolve();
    const sink = {
      write: (b: Uint8Array) => slow.then(() => disk.write(b)),
      position: () => disk.position(),
      close: () => disk.close(),
    };
    const { recorder } = await recording(path, { maxQueued: 4, chunkBytes: 1 }, sink);
    slow = new Promise((resolve) => {
      free = resolve;
    });
    for (let i = 0; i < 4; i++) recorder.record('/s', STRING, text(10), i, i);
    // The first of them is now stuck in the disk.
    for (let i = 0; i < 5; i++) await turn();
    for (let i = 0; i < 4; i++) recorder.record('/s', STRING, text(10), i, i);
    expect(recorder.counters).toMatchObject({ written: 0, queued: 4, dropped: 4, droppedBecause: { queue: 4 } });
    free();
    await recorder.close();
    expect(recorder.counters).toMatchObject({ written: 4, queued: 0, dropped: 4 });
  });
});

describe('record', () => {
  it('never throws, whatever it is given, and goes on', async () => {
    const path = at.path('odd.mcap');
    const { recorder, errors } = await recording(path, {
      onError: () => {
        throw new Error('the listener fails too');
      },
    });
    recorder.record('/s', STRING, text(1), Number.NaN, 0);
    recorder.record('/s', STRING, text(1), 1.5, -1);
    recorder.record('/unknown', 'who_msgs/msg/Knows', {}, 0, 0);
    recorder.record('/s', STRING, null, 1, 1);
    recorder.record('/e', 'reflexarc_msgs/msg/Stop', { epoch: Number.NaN }, 1, 1);
    recorder.record('/s', STRING, text(7), 2, 2);
    await recorder.close();
    const { messages, error } = await readAll(path);
    expect(error).toBeNull();
    expect(messages.at(-1)?.message).toEqual(text(7));
    expect(recorder.counters.droppedBecause.disk).toBe(0);
    expect(recorder.counters.droppedBecause.encoding).toBeGreaterThanOrEqual(3);
    expect(errors).toEqual([]);
  });

  it('after close drops and counts', async () => {
    const { recorder } = await recording(at.path('closed.mcap'));
    await recorder.close();
    recorder.record('/s', STRING, text(1), 1, 1);
    await turn();
    await recorder.close();
    expect(recorder.counters).toMatchObject({ written: 0, dropped: 1, queued: 0 });
    expect((await readAll(recorder.path)).error).toBeNull();
  });

  it('takes the log time as a number or a BigInt', async () => {
    const path = at.path('times.mcap');
    const { recorder } = await recording(path);
    recorder.record('/s', STRING, text(1), 1_700_000_000_123_456_789n, 5n);
    recorder.record('/s', STRING, text(1), 42, 42);
    await recorder.close();
    expect((await readAll(path)).messages.map((m) => m.logTimeNs)).toEqual([1_700_000_000_123_456_789n, 42n]);
  });
});

describe('disk full', () => {
  it('says so once, keeps what was written, and leaves a complete file', async () => {
    const path = at.path('full.mcap');
    const { recorder, errors } = await recording(path, { chunkBytes: 8_000 }, await fullDisk(path, 30_000));
    for (let i = 0; i < 60; i++) {
      recorder.record('/s', STRING, text(1000), i, i);
      await turn();
    }
    await recorder.close();
    expect(errors.map((e) => e.code)).toEqual(['RA_LOG_DISK_FULL']);
    const { written, dropped, droppedBecause } = recorder.counters;
    expect(written + dropped).toBe(60);
    expect(droppedBecause.disk).toBe(dropped);
    const { messages, error } = await readAll(path);
    expect(error).toBeNull();
    expect(messages.length).toBe(written);
    // Three chunks of 8 messages fit into 30 000 bytes; the fourth does not.
    expect(written).toBe(24);
    expect(messages.map((m) => Number(m.logTimeNs))).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(statSync(path).size).toBeLessThanOrEqual(30_000);
  });

  it('before the first byte: nothing is written, nothing throws', async () => {
    const path = at.path('nothing.mcap');
    const { recorder, errors } = await recording(path, {}, await fullDisk(path, 0));
    recorder.record('/s', STRING, text(1), 1, 1);
    await recorder.close();
    expect(errors.map((e) => e.code)).toEqual(['RA_LOG_DISK_FULL']);
    expect(recorder.counters).toMatchObject({ written: 0, dropped: 1 });
  });
});

describe('a file that ends too early', () => {
  it('reads up to its last whole chunk, then names the offset', async () => {
    const path = at.path('cut.mcap');
    const { recorder } = await recording(path, { chunkBytes: 8_000 });
    for (let i = 0; i < 40; i++) recorder.record('/s', STRING, text(1000), i, i);
    await recorder.close();
    const whole = await readAll(path);
    expect(whole.messages.length).toBe(40);
    // A chunk and its index are about 8.7 kB: a cut at 20 kB is in the third.
    truncateSync(path, 20_000);
    const cut = await readAll(path);
    expect(cut.messages.length).toBe(16);
    expect(cut.messages).toEqual(whole.messages.slice(0, 16));
    expect(cut.error?.code).toBe('RA_LOG_DAMAGED');
    const offset = Number(/at (\d+)/.exec(cut.error?.message ?? '')?.[1]);
    expect(offset).toBeGreaterThan(16_000);
    expect(offset).toBeLessThan(20_000);
  });

  it('a chunk spans no more log time than asked: so much a kill can lose', async () => {
    const path = at.path('killed.mcap');
    const { recorder } = await recording(path, { chunkSpanNs: 1e9 });
    // At 10 Hz: the eleventh message is 1 s after the first, and takes the chunk to the file.
    for (let i = 0; i < 15; i++) recorder.record('/s', STRING, text(1), i * 1e8, 0);
    await vi.waitFor(() => expect(recorder.counters).toMatchObject({ written: 11, queued: 4 }), { timeout: 10_000 });
    const { messages, error } = await readAll(path);
    expect([messages.length, error?.code]).toEqual([11, 'RA_LOG_DAMAGED']);
    await recorder.close();
    expect((await readAll(path)).messages.length).toBe(15);
  });

  it('one flipped bit is noticed, and what is before its chunk is read', async () => {
    const path = at.path('flipped.mcap');
    const { recorder } = await recording(path, { chunkBytes: 8_000 });
    for (let i = 0; i < 40; i++) recorder.record('/s', STRING, text(1000), i, i);
    await recorder.close();
    const bytes = readFileSync(path);
    bytes[12_000] = bytes[12_000]! ^ 1;
    writeFileSync(path, bytes);
    const { messages, error } = await readAll(path);
    expect([messages.length, error?.code]).toEqual([8, 'RA_LOG_DAMAGED']);
  });

  it('a file that is not there is said to be so', async () => {
    const { error } = await readAll(at.path('absent.mcap'));
    expect(error?.code).toBe('RA_LOG_DAMAGED');
    expect(error?.message).toContain('ENOENT');
  });
});

describe('the file', () => {
  it('is indexed, carries schemas and metadata, and a stock reader reads it', async () => {
    const path = at.path('stock.mcap');
    const metadata = { reflexarc: { version: '0.1.0', seed: '1' }, config: { run: '{}' } };
    const { recorder } = await recording(path, { metadata });
    recorder.record('/s', STRING, text(3), 10, 10);
    recorder.record('/f', 'std_msgs/msg/Float64', { data: 1.5 }, 20, 20);
    await recorder.close();
    const file = await open(path);
    const reader = await McapIndexedReader.Initialize({ readable: new FileHandleReadable(file) });
    expect(reader.header.profile).toBe('ros2');
    expect(reader.statistics?.messageCount).toBe(2n);
    expect([...reader.schemasById.values()].map((s) => [s.name, s.encoding])).toEqual([
      [STRING, 'ros2msg'],
      ['std_msgs/msg/Float64', 'ros2msg'],
    ]);
    expect([...reader.channelsById.values()].map((c) => c.messageEncoding)).toEqual(['cdr', 'cdr']);
    await file.close();
    const file0 = { log: 'stock', number: '0', begun: 'start', repeated: '0' };
    expect(await logMetadata(path)).toEqual({ ...metadata, file: file0 });
  });

  it('has the checksum of the standard in its chunks', () => {
    // The check value of CRC-32 (IEEE 802.3).
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('is never written over', async () => {
    const path = at.path('once.mcap');
    const first = await recording(path);
    await first.recorder.close();
    const before = readFileSync(path);
    await expect(recording(path)).rejects.toMatchObject({ code: 'RA_LOG_WRITE' });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('has a name that sorts by time and is safe for a file system', () => {
    expect(logFileName(new Date('2026-01-31T12:05:09.042Z'), 'peg / demo')).toBe(
      'reflexarc_2026-01-31T120509.042Z_peg-demo_00000.mcap',
    );
  });
});
