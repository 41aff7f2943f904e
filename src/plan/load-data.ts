/**
 * Reads the data files of a sweep and says what stands in them: the samples are provided to this thread, the sweep gets
 * names, shape and hash. A file is known by its content from here on, and by its path only in messages.
 */
import { createHash } from 'node:crypto';
import { dirname, isAbsolute, join } from 'node:path';
import type { DataFile, DataFileContent } from '../../schemas/dataset.ts';
import { UsageError } from '../../schemas/problems.ts';
import { datasetOf, provideDataset } from '../data/datasets.ts';
import { readDataFile } from '../storage/user-data/read-data.ts';
import type { Finding, ParsedSweep } from './check-sweep.ts';

type ParsedBlock = NonNullable<ParsedSweep['data']>[number];

/** Reads the data files of the parts of one sweep, each file once. */
export interface DataFileReader {
  /**
   * The part with the content of its data files, and everything that is wrong with them. A block loses the files that
   * cannot be read, so that the others can be checked.
   */
  readonly readAll: <T extends ParsedSweep>(part: T) => { sweep: T; findings: Finding[] };
}

/** A reader for the sweep in `sweepFile`, which paths are relative to. */
export function dataFileReader(sweepFile: string): DataFileReader {
  const contents = new Map<string, DataFileContent | UsageError>();
  const contentAt = (file: string): DataFileContent | UsageError => {
    const path = isAbsolute(file) ? file : join(dirname(sweepFile), file);
    const read = contents.get(path) ?? readContent(path);
    contents.set(path, read);
    return read;
  };
  const readAll: DataFileReader['readAll'] = (part) => {
    const findings: Finding[] = [];
    const data = part.data?.map((block, i) => readBlock(block, { path: ['data', i, 'file'], contentAt, findings }));
    return { sweep: data === undefined ? part : { ...part, data }, findings };
  };
  return { readAll };
}

interface BlockReading {
  readonly path: readonly PropertyKey[];
  readonly contentAt: (file: string) => DataFileContent | UsageError;
  /** Gets the mistakes of the block's files. */
  readonly findings: Finding[];
}

function readBlock(block: ParsedBlock, { path, contentAt, findings }: BlockReading): ParsedBlock {
  const { file: files } = block;
  if (files === undefined) return block;
  const readable = files.flatMap((file, j) => {
    const read = contentAt(file);
    if (!(read instanceof UsageError)) return [{ file, content: read }];
    const place = [...path, ...(files.length > 1 ? [j] : [])];
    findings.push(...read.problems.map(({ where, ...problem }) => ({ path: place, within: where, ...problem })));
    return [];
  });
  return { ...block, file: readable.map(({ file }) => file), content: readable.map(({ content }) => content) };
}

/** The content of one file, whose samples are then provided; or its mistakes. */
function readContent(path: string): DataFileContent | UsageError {
  try {
    const file = readDataFile(path);
    const content = contentOf(file);
    provideDataset(content.hash, datasetOf(file));
    return content;
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

/**
 * What stands in a file. The hash is SHA-256 over canonical JSON of names and shape and then the bytes of all inputs
 * and of all targets, sample by sample, as little-endian float32.
 */
export function contentOf({ inputs, targets, inputNames, outputNames }: DataFile): DataFileContent {
  const points = inputs.length / inputNames.length;
  const shape = JSON.stringify({ inputs: inputNames, outputs: outputNames, points });
  const hash = createHash('sha256').update(shape).update(inputs).update(targets).digest('hex');
  return { hash, points, inputs: inputNames, outputs: outputNames };
}
