/**
 * Checkpoints on disk, written aside and renamed: of networks half trained a file each time,
 * `SESSION-NETWORK-EPOCH.msgpack` after its first network and the epochs trained; of those that are kept for good a
 * file a task, `SESSION-kept-NETWORK-EPOCH-EPOCHS.msgpack` after its first network, where it began and the epochs of
 * the run. A file that no commit names is debris; one that a later commit has overtaken is removed.
 */
import { closeSync, fstatSync, fsyncSync, readdirSync, readSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DIGEST_BYTES } from '../../../schemas/arithmetic.ts';
import type { Checkpoint, NetworkCheckpoint } from '../../../schemas/checkpoint.ts';
import { RunError } from '../../../schemas/problems.ts';
import { makeFolder, RESTORE_REMEDY, syncFolderOf, withPath, writeFileAtomically } from '../files.ts';
import { FRAME_HEADER_BYTES, framePayloadAt, packFrame } from '../frames.ts';
import { isOwnCheckpoint, sessionOfName } from '../names.ts';
import { hasPlainFile, openAside, openPlain, readPlain } from '../plain-files.ts';
import { checkedCheckpoint } from './checkpoint-records.ts';

/** Writes a checkpoint of a session into a folder, durably, and returns the file's name. */
export function writeCheckpoint(folder: string, session: number, checkpoint: Checkpoint): string {
  const { networks, epoch } = checkpoint;
  const file = `${sessionText(session)}-${numberText(networks[0].network)}-${epoch}.msgpack`;
  writeFileAtomically(join(folder, file), packFrame(checkpoint));
  return file;
}

/** The name of the file for what a task keeps: no other task of a run has it. */
export function keptName(task: { session: number; network: number; epoch: number; epochs: number }): string {
  const { session, network, epoch, epochs } = task;
  return `${sessionText(session)}-kept-${numberText(network)}-${epoch}-${epochs}.msgpack`;
}

const sessionText = (session: number): string => String(session).padStart(4, '0');

const numberText = (network: number): string => String(network).padStart(5, '0');

/**
 * Writes the checkpoints that a task keeps into one file; `finish` or `abandon` must be called once. Without any, there
 * is no file.
 */
export class KeptWriter {
  readonly #path: string;
  #descriptor: number | null = null;

  constructor(folder: string, file: string) {
    this.#path = join(folder, file);
  }

  append(checkpoint: Checkpoint): void {
    const frame = packFrame(checkpoint);
    withPath(this.#path, () => {
      this.#descriptor ??= openAside(this.#aside);
      for (let written = 0; written < frame.length; ) written += writeSync(this.#descriptor, frame, written);
    });
  }

  /** Makes the file durable and gives it its name. */
  finish(): void {
    const descriptor = this.#descriptor;
    if (descriptor === null) return;
    withPath(this.#path, () => {
      fsyncSync(descriptor);
      closeSync(descriptor);
      this.#descriptor = null;
      renameSync(this.#aside, this.#path);
      syncFolderOf(this.#path);
    });
  }

  /** Removes what was written: on a full disk it would take the room that is left. */
  abandon(): void {
    if (this.#descriptor === null) return;
    closeSync(this.#descriptor);
    this.#descriptor = null;
    try {
      unlinkSync(this.#aside);
    } catch {
      // Gone with its folder, which is being told; else the next session removes it.
    }
  }

  get #aside(): string {
    return `${this.#path}.new`;
  }
}

/**
 * Reads the checkpoints of a file, in the order they were written.
 *
 * @throws RunError naming file and offset where it is gone or damaged, or belongs to another run.
 */
export function readCheckpoints(path: string, runKey: string): Checkpoint[] {
  const bytes = readPlain(path);
  const checkpoints: Checkpoint[] = [];
  let offset = 0;
  do {
    const payload = framePayloadAt(bytes, offset);
    if (payload === null) throw damaged(path, offset);
    checkpoints.push(checkedCheckpoint(payload, { path, byte: offset, runKey }));
    offset += FRAME_HEADER_BYTES + payload.length;
  } while (offset < bytes.length);
  return checkpoints;
}

/**
 * What each network takes along after `epoch` epochs, by id, with the digests of blocks that the checkpoints have. What
 * is trained on needs all of them, what is trained again needs none. A file may have other networks beside those that
 * are wanted, without the checkpoints before.
 *
 * @param checkpoints those of `epoch` and, where they are kept ones, those before.
 */
export function networksAt(checkpoints: readonly Checkpoint[], epoch: number): Map<number, NetworkCheckpoint> {
  const earlier = new Map<number, NetworkCheckpoint[]>();
  for (const { networks } of checkpoints.filter((one) => one.epoch < epoch).sort((a, b) => b.epoch - a.epoch))
    for (const one of networks) earlier.set(one.network, [...(earlier.get(one.network) ?? []), one]);
  const at = checkpoints.filter((one) => one.epoch === epoch).flatMap(({ networks }) => networks);
  return new Map(at.map((one) => [one.network, withEarlierDigests(one, earlier.get(one.network) ?? [])]));
}

/** A checkpoint with the digests of the ones before it, the latest first, in front of its own. */
function withEarlierDigests(one: NetworkCheckpoint, earlier: readonly NetworkCheckpoint[]): NetworkCheckpoint {
  const parts = [one.blockDigests];
  let { firstBlock } = one;
  for (const before of earlier) {
    if (firstBlock === 0) break;
    if (before.firstBlock + before.blockDigests.length / DIGEST_BYTES !== firstBlock) continue;
    parts.unshift(before.blockDigests);
    firstBlock = before.firstBlock;
  }
  return { ...one, firstBlock, blockDigests: Buffer.concat(parts) };
}

/** The checkpoints that a run goes on from, and those that it keeps. */
export interface CheckpointsInUse {
  readonly used: ReadonlySet<string>;
  readonly kept: ReadonlySet<string>;
}

/**
 * Checks that all checkpoints in use are there. Those that networks go on from are read; of kept ones, which may
 * be many, the ends of their frames are, and whoever uses one checks the rest.
 *
 * @throws RunError where one of them is gone or damaged.
 */
export function checkCheckpoints(folder: string, inUse: CheckpointsInUse & { readonly runKey: string }): void {
  for (const file of new Set([...inUse.used, ...inUse.kept])) {
    const path = join(folder, file);
    if (!hasPlainFile(path)) {
      throw new RunError({ where: path, got: 'nothing', expected: 'a checkpoint of the run', remedy: RESTORE_REMEDY });
    }
    if (inUse.used.has(file)) readCheckpoints(path, inUse.runKey);
    else withPath(path, () => checkFrameEnds(path));
  }
}

/**
 * Removes the checkpoints of sessions before `session` that are not in use; a folder may hold files that are not
 * Gyre's, and they stay.
 */
export function removeDebris(folder: string, { used, kept }: CheckpointsInUse, session: number): void {
  makeFolder(folder);
  const isDebris = (file: string) =>
    isOwnCheckpoint(file) && sessionOfName(file) < session && !used.has(file) && !kept.has(file);
  removeCheckpoints(folder, withPath(folder, () => readdirSync(folder)).filter(isDebris));
}

/** Goes from frame to frame by their lengths: a file that was cut anywhere does not end with one. */
function checkFrameEnds(path: string): void {
  const descriptor = openPlain(path, 'read');
  try {
    const { size } = fstatSync(descriptor);
    const header = Buffer.alloc(FRAME_HEADER_BYTES);
    let offset = 0;
    do {
      const isThere = readSync(descriptor, header, 0, FRAME_HEADER_BYTES, offset) === FRAME_HEADER_BYTES;
      const length = header.readUInt32LE(0);
      const end = offset + FRAME_HEADER_BYTES + length;
      // No frame is empty: a file of zeros would be gone through for minutes.
      if (!isThere || length === 0 || end > size) throw damaged(path, offset);
      offset = end;
    } while (offset < size);
  } finally {
    closeSync(descriptor);
  }
}

function damaged(path: string, offset: number): RunError {
  return new RunError({
    where: `${path}, byte ${offset}`,
    got: 'a damaged frame',
    expected: 'a checkpoint whose CRC-32 is right',
    remedy: RESTORE_REMEDY,
  });
}

/** Removes checkpoints that no network needs any more. */
export function removeCheckpoints(folder: string, files: Iterable<string>): void {
  for (const file of files) withPath(join(folder, file), () => unlinkSync(join(folder, file)));
}
