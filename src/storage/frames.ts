/**
 * Frames: records in msgpack with a length and a checksum, [u32 payload length][u32 CRC-32 of the payload][msgpack
 * payload], little-endian. A journal is many of them, a checkpoint is one.
 */
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { RunError } from '../../schemas/problems.ts';
import { RESTORE_REMEDY } from './files.ts';

export const FRAME_HEADER_BYTES = 8;

/** `moreTypes` keeps typed arrays (plain packing corrupts them); without `useRecords` every frame stands on its own. */
const packr = new Packr({ moreTypes: true, useRecords: false });

/** The bytes of a record's frame. */
export function packFrame(record: object): Buffer {
  const payload = packr.pack(record);
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([header, payload]);
}

/** The payload of the frame at `offset` where it is all there and right, else null. */
export function framePayloadAt(bytes: Buffer, offset: number): Buffer | null {
  if (offset + FRAME_HEADER_BYTES > bytes.length) return null;
  const start = offset + FRAME_HEADER_BYTES;
  const end = start + bytes.readUInt32LE(offset);
  if (end === start || end > bytes.length) return null;
  const payload = bytes.subarray(start, end);
  return crc32(payload) === bytes.readUInt32LE(offset + 4) ? payload : null;
}

/** The record of a payload whose checksum is right. */
function unpackPayload(payload: Buffer): unknown {
  return packr.unpack(payload);
}

/** The value of a payload whose checksum is right, which may still be no msgpack. */
export function unpacked(payload: Buffer, where: string): unknown {
  try {
    return unpackPayload(payload);
  } catch (error) {
    const got = `a frame that is not readable (${(error as Error).message})`;
    throw new RunError({ where, got, expected: 'a record in msgpack', remedy: RESTORE_REMEDY }, { cause: error });
  }
}
