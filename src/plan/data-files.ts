/**
 * Reads the data files of a sweep and says what stands in them: the samples are provided to this thread, the sweep gets names, shape and
 * hash. A file is known by its content from here on, and by its path only in messages.
 */
import { createHash } from 'node:crypto';
import { dirname, isAbsolute, join } from 'node:path';
import type { DataFile, DataFileContent } from '../../schemas/dataset.ts';
import { UsageError } from '../../schemas/problems.ts';
import { datasetOf, provideDataset } from '../data/datasets.ts';
import { readDataFile } from '../storage/data-files.ts';
import type { Finding, ParsedSweep } from './check.ts';

type ParsedBlock = NonNullable<ParsedSweep['data']>[number];

/**
 * The sweep with the content of its data files, each read once, and everything that is wrong with them. `sweepFile` is what their paths
 * are relative to. A block loses the files that cannot be read, so that the others can be checked.
 */
export function readDataFiles<T extends ParsedSweep>(sweep: T, sweepFile: string): { sweep: T; findings: Finding[] } {
  const findings: Finding[] = [];
  const contents = new Map<string, DataFileContent | UsageError>();
  const readBlock = (block: ParsedBlock, i: number): ParsedBlock => {
    const { file: files } = block;
    if (files === undefined) return block;
    const readable = files.flatMap((file, j) => {
      const path = isAbsolute(file) ? file : join(dirname(sweepFile), file);
      const read = contents.get(path) ?? readContent(path);
      contents.set(path, read);
      if (!(read instanceof UsageError)) return [{ file, content: read }];
      const place = ['data', i, 'file', ...(files.length > 1 ? [j] : [])];
      findings.push(...read.problems.map(({ where, ...problem }) => ({ path: place, within: where, ...problem })));
      return [];
    });
    return { ...block, file: readable.map(({ file }) => file), content: readable.map(({ content }) => content) };
  };
  const data = sweep.data?.map(readBlock);
  return { sweep: data === undefined ? sweep : { ...sweep, data }, findings };
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
 * What stands in a file. The hash is SHA-256 over canonical JSON of names and shape and then the bytes of all inputs and of all targets, sample
 * by sample, as little-endian float32.
 */
export function contentOf({ inputs, targets, inputNames, outputNames }: DataFile): DataFileContent {
  const points = inputs.length / inputNames.length;
  const shape = JSON.stringify({ inputs: inputNames, outputs: outputNames, points });
  const hash = createHash('sha256').update(shape).update(inputs).update(targets).digest('hex');
  return { hash, points, inputs: inputNames, outputs: outputNames };
}
