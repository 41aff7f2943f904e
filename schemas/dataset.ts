/**
 * The samples that networks are trained on, as numbers: what a formula gives, what a file holds, and what travels to
 * the threads. Every number is a float32, for float64 networks too.
 */

/** Samples of one data set. */
export interface Samples {
  /** [sample][input] */
  readonly inputs: Float32Array;
  /** [sample][output] */
  readonly targets: Float32Array;
  readonly inputCount: number;
  readonly outputCount: number;
}

/** Samples with what the labels of a network need to know of them. */
export interface Dataset extends Samples {
  /** V: population variance of the targets of each output, averaged over the outputs, float64. */
  readonly targetVariance: number;
}

/** What a data file holds: its samples, and the names of its columns in the order of the file. */
export interface DataFile extends Samples {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
}

/** A data file as a resolved sweep tells it: everything but the numbers, which the hash stands for. */
export interface DataFileContent {
  /** SHA-256 over names, shape and numbers, 64 hex digits; the file's path is no part of it. */
  readonly hash: string;
  /** Number of samples N. */
  readonly points: number;
  /** Names of the input columns. */
  readonly inputs: readonly string[];
  /** Names of the output columns. */
  readonly outputs: readonly string[];
}
