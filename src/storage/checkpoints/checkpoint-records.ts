/**
 * Which records a file of checkpoints may hold: those of the run at hand, with arrays that fit together. What the
 * numbers mean is for those who train on from them to say.
 */
import { DIGEST_BYTES } from '../../../schemas/arithmetic.ts';
import type { Checkpoint } from '../../../schemas/checkpoint.ts';
import { RunError } from '../../../schemas/problems.ts';
import { SWEEP_LIMITS } from '../../../schemas/sweep-grid.ts';
import { FORMAT_VERSION } from '../../../schemas/trace.ts';
import { RESTORE_REMEDY } from '../files.ts';
import { unpacked } from '../frames.ts';
import {
  checkedShape,
  floats,
  isMapping,
  listOf,
  mapping,
  named,
  optional,
  ShapeError,
  typed,
  valueText,
  whole,
  word,
} from '../record-checks.ts';

const MOMENTS = ['firstMoment', 'secondMoment', 'maxSecondMoment', 'previousUpdate'] as const;

const network = mapping(
  {
    network: whole(0, SWEEP_LIMITS.networkCountMax - 1),
    theta: floats,
    firstMoment: floats,
    secondMoment: floats,
    maxSecondMoment: optional(floats),
    previousUpdate: floats,
    observer: typed(Float64Array),
    bucket: typed(Float64Array),
    lossWindow: floats,
    firstBlock: whole(0, SWEEP_LIMITS.epochCountMax),
    blockDigests: typed(Uint8Array),
    openLosses: floats,
  },
  (value, place) => {
    const { length } = value.theta as Float32Array;
    for (const name of MOMENTS) {
      const moment = value[name] as Float32Array | undefined;
      if (moment !== undefined && moment.length !== 0 && moment.length !== length)
        throw new ShapeError(`${place}.${name}`, `${moment.length} values`, `${length}, or none`);
    }
    const digestBytes = (value.blockDigests as Uint8Array).length;
    if (digestBytes % DIGEST_BYTES !== 0)
      throw new ShapeError(`${place}.blockDigests`, `${digestBytes} bytes`, `a multiple of ${DIGEST_BYTES}`);
  },
);

const check = mapping({
  kind: word(['checkpoint']),
  formatVersion: whole(FORMAT_VERSION, FORMAT_VERSION),
  runKey: named('runKey'),
  epoch: whole(0, SWEEP_LIMITS.epochCountMax),
  networks: listOf(network),
});

/**
 * The checkpoint in the payload of a frame, with its known members alone.
 *
 * @throws RunError naming file and byte where it is none, or belongs to another run.
 */
export function checkedCheckpoint(
  payload: Buffer,
  from: { readonly path: string; readonly byte: number; readonly runKey: string },
): Checkpoint {
  const where = `${from.path}, byte ${from.byte}`;
  const record = unpacked(payload, where);
  const { kind, formatVersion, runKey } = isMapping(record) ? record : {};
  if (kind !== 'checkpoint' || formatVersion !== FORMAT_VERSION || runKey !== from.runKey) {
    throw new RunError({
      where: from.path,
      got: `a record ${valueText(kind)} of format version ${valueText(formatVersion)} and run ${valueText(runKey)}`,
      expected: `a checkpoint of format version ${FORMAT_VERSION} and run ${from.runKey}`,
      remedy: RESTORE_REMEDY,
    });
  }
  return checkedShape(() => check(record, ''), { where, what: 'a checkpoint' }) as Checkpoint;
}
