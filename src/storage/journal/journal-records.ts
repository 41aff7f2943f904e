/**
 * Which records a journal may hold: known kinds, typed arrays where typed arrays belong, arrays of one length, numbers
 * within their range, names that match the pattern of their kind. A checksum says that bytes are as they were written,
 * not by whom. Whether a record goes with the plan and with the records before it is for the run to say.
 */
import { DIGEST_BYTES } from '../../../schemas/arithmetic.ts';
import { EVENT_KINDS, MOTION_NAMES, OUTCOME_NAMES } from '../../../schemas/catalogue.ts';
import type { JournalRecord } from '../../../schemas/journal.ts';
import { ENGINE_NAMES } from '../../../schemas/manifest.ts';
import { RunError } from '../../../schemas/problems.ts';
import { RESULT_COLUMNS, RESULT_NAMES, type ResultKind, resultArrayType } from '../../../schemas/result-columns.ts';
import { SWEEP_LIMITS } from '../../../schemas/sweep-grid.ts';
import { FORMAT_VERSION, SEGMENTED_TABLE_NAMES } from '../../../schemas/trace.ts';
import { RESTORE_REMEDY } from '../files.ts';
import { unpacked } from '../frames.ts';
import { sessionOfName } from '../names.ts';
import {
  amount,
  type Check,
  checkedShape,
  isMapping,
  listOf,
  mapping,
  named,
  number,
  optional,
  orNull,
  sameLength,
  tally,
  text,
  typed,
  valueText,
  whole,
  word,
} from '../record-checks.ts';

const EPOCHS_MAX = SWEEP_LIMITS.epochCountMax;
const SESSIONS_MAX = 999_999;
const U32_MAX = 2 ** 32 - 1;
const BYTES_MAX = Number.MAX_SAFE_INTEGER;
/** What a compiler says may be long. */
const REASON_LENGTH_MAX = 1024 * 1024;
/** Bytes of `ARROW1` and two zeros, which no batch can begin before. */
const HEAD_BYTES_MIN = 8;

const networks = typed(Uint32Array, SWEEP_LIMITS.networkCountMax - 1);

/** The largest value of each kind of result. */
const RESULT_MAXIMA: Readonly<Record<ResultKind, number | undefined>> = {
  flag: 1,
  count: undefined,
  epoch: EPOCHS_MAX,
  number: undefined,
  'number-or-null': undefined,
};

/** What each column of results is made of. */
const RESULTS = {
  network: networks,
  outcome: listOf(word(OUTCOME_NAMES)),
  motion: listOf(orNull(word(MOTION_NAMES))),
  ...Object.fromEntries(
    RESULT_NAMES.map((name) => [name, typed(resultArrayType(name), RESULT_MAXIMA[RESULT_COLUMNS[name].kind])]),
  ),
  digest: typed(Uint8Array),
};

const results = mapping(RESULTS, (value, place) => {
  const { length } = value.network as Uint32Array;
  const lengths = Object.fromEntries(Object.keys(RESULTS).map((name) => [name, length]));
  sameLength(value, { ...lengths, digest: length * DIGEST_BYTES }, place);
});

const progress = mapping({ network: networks, epoch: whole(0, EPOCHS_MAX), checkpoint: named('checkpoint') });

const block = mapping({
  offset: whole(HEAD_BYTES_MIN, BYTES_MAX),
  metadataBytes: whole(0, U32_MAX),
  bodyBytes: whole(0, BYTES_MAX),
  rows: whole(0, U32_MAX),
  crc32: whole(0, U32_MAX),
});

const place = { table: word(SEGMENTED_TABLE_NAMES), file: named('segment') };

const segment = mapping({
  ...place,
  endBytes: whole(HEAD_BYTES_MIN, BYTES_MAX),
  blocks: listOf(block),
  headCrc32: optional(whole(0, U32_MAX)),
});

const notable = mapping({
  network: whole(0, SWEEP_LIMITS.networkCountMax - 1),
  kind: word(EVENT_KINDS),
  epoch: whole(0, EPOCHS_MAX),
  height: orNull(number),
});

const events = mapping({ counts: tally(EVENT_KINDS, whole(0, BYTES_MAX)), notable: listOf(notable) });

const networkCount = whole(0, SWEEP_LIMITS.networkCountMax);
const countsOf = (names: readonly string[]) => mapping(Object.fromEntries(names.map((name) => [name, networkCount])));
const labels = mapping({ outcomes: countsOf(OUTCOME_NAMES), motions: countsOf(MOTION_NAMES) });

/** The members of each kind of record. */
const RECORDS: Readonly<Record<JournalRecord['kind'], Readonly<Record<string, Check>>>> = {
  header: {
    formatVersion: whole(0, U32_MAX),
    runKey: named('runKey'),
    session: whole(1, SESSIONS_MAX),
    epochs: whole(1, EPOCHS_MAX),
    sweepHash: named('contentHash'),
    after: orNull(mapping({ session: whole(1, SESSIONS_MAX), bytes: whole(1, BYTES_MAX) })),
  },
  session: {
    startedAt: text(40),
    gyre: text(40),
    node: text(40),
    engine: word(ENGINE_NAMES),
    threads: whole(0, 65_536),
  },
  commit: {
    elapsedMs: amount,
    epochs: whole(1, EPOCHS_MAX),
    results,
    unfinished: orNull(progress),
    kept: listOf(progress),
    segments: listOf(segment),
    events,
  },
  extended: {
    epochs: whole(1, EPOCHS_MAX),
    network: networks,
    restarts: listOf(progress),
    removed: listOf(mapping(place)),
    segments: listOf(segment),
  },
  failed: { network: networks, reason: text(REASON_LENGTH_MAX) },
  snapshot: { elapsedMs: amount, epochsTrained: amount, networksDone: networkCount, labels },
  end: { reason: word(['done', 'stopped', 'failed']), elapsedMs: amount },
};

const CHECKS = new Map(
  Object.entries(RECORDS).map(([kind, members]) => [kind, mapping({ kind: word([kind]), ...members })]),
);

/** Where a frame stands: in the file of a session, from a byte on. */
export interface FramePlace {
  readonly path: string;
  readonly byte: number;
  readonly session: number;
}

/**
 * The record in the payload of a frame, with its known members alone.
 *
 * @throws RunError naming file, byte and member where it is none that Gyre writes.
 */
export function checkedRecord(payload: Buffer, from: FramePlace): JournalRecord {
  const where = `${from.path}, byte ${from.byte}`;
  const record = unpacked(payload, where);
  const kind = isMapping(record) ? record.kind : undefined;
  if (from.byte === 0) refuseOtherHeader(record, from.path);
  const check = typeof kind === 'string' ? CHECKS.get(kind) : undefined;
  if (check === undefined) {
    const got = isMapping(record) ? `a record of kind ${valueText(kind)}` : `${valueText(record)} as a record`;
    throw new RunError({ where, got, expected: `one of ${[...CHECKS.keys()].join(', ')}`, remedy: RESTORE_REMEDY });
  }
  const checked = checkedShape(() => check(record, ''), { where, what: `a record "${kind}"` }) as JournalRecord;
  for (const name of namesIn(checked)) if (sessionOfName(name) > from.session) throw ofLaterSession(name, from, where);
  return checked;
}

/** The names of files that a record tells of. */
function namesIn(record: JournalRecord): string[] {
  const checkpoints = (list: readonly { checkpoint: string }[]) => list.map(({ checkpoint }) => checkpoint);
  const files = (list: readonly { file: string }[]) => list.map(({ file }) => file);
  if (record.kind === 'extended')
    return [...files(record.removed), ...files(record.segments), ...checkpoints(record.restarts)];
  if (record.kind !== 'commit') return [];
  const { segments, kept, unfinished } = record;
  return [...files(segments), ...checkpoints(kept), ...checkpoints(unfinished === null ? [] : [unfinished])];
}

/** A session knows its own files and those of earlier ones; a later one will give the name to a file of its own. */
function ofLaterSession(name: string, { session }: FramePlace, where: string): RunError {
  return new RunError({
    where,
    got: `the name ${name} in the journal of session ${session}`,
    expected: `names of files of sessions up to ${session}`,
    remedy: RESTORE_REMEDY,
  });
}

/** The first record says of which version all others are. */
function refuseOtherHeader(record: unknown, path: string): void {
  const { kind, formatVersion } = isMapping(record) ? record : {};
  if (kind === 'header' && formatVersion === FORMAT_VERSION) return;
  throw new RunError({
    where: path,
    got: kind === 'header' ? `format version ${valueText(formatVersion)}` : `a first record ${valueText(kind)}`,
    expected: `a journal of format version ${FORMAT_VERSION}`,
    remedy: 'read it with the version of Gyre that wrote it',
  });
}
