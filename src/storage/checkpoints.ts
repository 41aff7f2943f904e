/**
 * Checkpoints on disk: a file each, `NETWORK-EPOCH.msgpack` after its first network and the epochs trained, written aside and renamed. One that
 * no commit names is debris; one that a later commit has overtaken is removed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from '../../schemas/checkpoint.ts';
import { RunError } from '../../schemas/problems.ts';
import { FORMAT_VERSION } from '../../schemas/trace.ts';
import { withPath, writeFileAtomically } from './files.ts';
import { FRAME_HEADER_BYTES, framePayloadAt, packFrame, unpackPayload } from './frames.ts';

/** Writes a checkpoint into a folder, durably, and returns the file's name. */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint): string {
  const { networks, epoch } = checkpoint;
  const file = `${String(networks[0].network).padStart(5, '0')}-${epoch}.msgpack`;
  writeFileAtomically(join(folder, file), packFrame(checkpoint));
  return file;
}

/**
 * Reads a checkpoint of a run.
 *
 * @throws RunError where it is gone or damaged, or belongs to another run.
 */
export function readCheckpoint(path: string, runKey: string): Checkpoint {
  const bytes = withPath(path, () => readFileSync(path));
  const payload = framePayloadAt(bytes, 0);
  if (payload === null || payload.length + FRAME_HEADER_BYTES !== bytes.length) {
    throw new RunError({
      where: `${path}, byte 0`,
      got: 'a damaged frame',
      expected: 'a checkpoint whose CRC-32 is right',
      remedy: REMEDY,
    });
  }
  const checkpoint = unpackPayload(payload) as Checkpoint;
  if (checkpoint.kind === 'checkpoint' && checkpoint.formatVersion === FORMAT_VERSION && checkpoint.runKey === runKey)
    return checkpoint;
  throw new RunError({
    where: path,
    got: `a ${checkpoint.kind} of format version ${checkpoint.formatVersion} and run ${checkpoint.runKey}`,
    expected: `a checkpoint of format version ${FORMAT_VERSION} and run ${runKey}`,
    remedy: REMEDY,
  });
}

/**
 * Makes a folder hold just the checkpoints that are in use, as their run is opened.
 *
 * @throws RunError where one of them is gone or damaged.
 */
export function keepCheckpoints(folder: string, used: ReadonlySet<string>, runKey: string): void {
  withPath(folder, () => mkdirSync(folder, { recursive: true }));
  for (const file of used) {
    const path = join(folder, file);
    if (existsSync(path)) readCheckpoint(path, runKey);
    else throw new RunError({ where: path, got: 'nothing', expected: 'a checkpoint of the run', remedy: REMEDY });
  }
  const unused = withPath(folder, () => readdirSync(folder)).filter((file) => !used.has(file));
  removeCheckpoints(folder, unused);
}

/** Removes checkpoints that no network needs any more. */
export function removeCheckpoints(folder: string, files: Iterable<string>): void {
  for (const file of files) withPath(join(folder, file), () => unlinkSync(join(folder, file)));
}

const REMEDY = 'restore it from a copy, or start the run anew in another folder with --out';
