/**
 * Reads a user's data file, whatever its format: its samples, or every mistake in it. Nothing is read of a file that is
 * none or is too large.
 */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { extname } from 'node:path';
import type { DataFile } from '../../../schemas/dataset.ts';
import { systemErrorCode, UsageError, unreadableText } from '../../../schemas/problems.ts';
import { SWEEP_LIMITS } from '../../../schemas/sweep.ts';
import { readArrow } from './arrow-data.ts';
import { readCsv } from './csv-data.ts';

const READERS: Readonly<Record<string, (bytes: Uint8Array, path: string) => DataFile>> = {
  '.csv': readCsv,
  '.arrow': readArrow,
  '.feather': readArrow,
};

const EXPECTED = 'a file of data: .csv, .arrow or .feather';

/**
 * The samples of a data file, their numbers in shared memory.
 *
 * @throws UsageError with the mistakes of the file.
 */
export function readDataFile(path: string): DataFile {
  const file = asUsage(path, () => statSync(path));
  const got = kindText(file);
  if (got !== null) throw new UsageError({ where: path, got, expected: EXPECTED });
  const read = READERS[extname(path).toLowerCase()];
  if (read === undefined) {
    const ending = extname(path) === '' ? 'no ending' : `the ending ${extname(path)}`;
    throw new UsageError({ where: path, got: `a name with ${ending}`, expected: EXPECTED });
  }
  return read(
    asUsage(path, () => readFileSync(path)),
    path,
  );
}

/** What something is that is no file of a size to be read; null for a file to read. */
function kindText(file: Stats): string | null {
  const { dataBytesMax } = SWEEP_LIMITS;
  if (file.isDirectory()) return 'a folder';
  if (!file.isFile()) return 'a device or pipe';
  if (file.size === 0) return 'an empty file';
  if (file.size > dataBytesMax)
    return `${(file.size / 2 ** 20).toFixed(0)} MiB, more than ${dataBytesMax / 2 ** 20} MiB`;
  return null;
}

function asUsage<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    const remedy = 'paths are relative to the sweep; a run that had it keeps a copy in its folder data';
    const isMissing = systemErrorCode(error) === 'ENOENT';
    throw new UsageError({ where: path, got: unreadableText(error), expected: EXPECTED, ...(isMissing && { remedy }) });
  }
}
