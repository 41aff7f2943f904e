/**
 * Reads the record batches of a finished Arrow file, one after another: what tools without Arrow are given is made of
 * them.
 */
import { type RecordBatch, type RecordBatchFileReader, RecordBatchReader } from 'apache-arrow';
import { RunError } from '../../../schemas/problems.ts';
import { readPlain } from '../plain-files.ts';

/**
 * The record batches of a file, views of its bytes where they are not compressed. The file is held as a whole: a
 * segment is tens of megabytes. Where batches are compressed, `prepareCompression` must have been awaited.
 *
 * @throws RunError where the file is no Arrow file, or damaged.
 */
export function* batchesOf(path: string): Generator<RecordBatch> {
  const bytes = readPlain(path);
  const reader = readable(path, () => {
    const opened = RecordBatchReader.from(bytes) as RecordBatchFileReader;
    return opened.open() as RecordBatchFileReader;
  });
  // By number: the reader's own iteration reads one message for ever where a file is damaged.
  for (let i = 0; i < reader.numRecordBatches; i++) {
    yield readable(path, () => {
      const batch = reader.readRecordBatch(i);
      if (batch === null) throw new Error(`record batch ${i + 1} of ${reader.numRecordBatches} is damaged`);
      return batch;
    });
  }
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const got = `not readable: ${(error as Error).message}`;
    throw new RunError({ where: path, got, remedy: 'restore it from a copy' }, { cause: error });
  }
}
