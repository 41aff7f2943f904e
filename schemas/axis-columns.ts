/**
 * Everything in which networks of a sweep may differ apart from their seeds, declared once: the configuration columns
 * of `networks.arrow` and the axes of summaries, maps and findings are made of this list.
 */
import {
  ACTIVATIONS,
  DATASETS,
  FORMS,
  INITS,
  namesOf,
  OBJECTIVES,
  OPTIMIZERS,
  PRECISIONS,
  SUBNORMALS,
} from './catalogue.ts';
import { type Column, column, nullable } from './columns.ts';
import { layersLabel, type NetworkConfig } from './network.ts';

type AxisValue = string | number | boolean;

/** One axis. */
export interface AxisColumn {
  readonly column: Column;
  /** The value in the column; undefined, which becomes null, if the axis does not apply. */
  readonly valueFor: (network: NetworkConfig) => AxisValue | undefined;
  /** The value that networks are compared by, if it is not the one in the column. */
  readonly comparedBy?: (network: NetworkConfig) => AxisValue | undefined;
  /** All names of a dictionary column, so that files of one sweep have one dictionary; without it, those that occur. */
  readonly names?: readonly string[];
}

/** Hex digits of a data file's hash that tell it from others. */
const HASH_DIGITS = 8;

/** The axes, in the order of the table. */
export const AXIS_COLUMNS: readonly AxisColumn[] = [
  {
    column: nullable('objective', 'dictionary', '', 'objective of one parameter in place of a network'),
    valueFor: ({ objective }) => objective?.kind,
    names: namesOf(OBJECTIVES),
  },
  {
    column: nullable('exponent', 'u32', '1', 'exponent k of the objective λ|x|^k/k'),
    valueFor: ({ objective }) => objective?.exponent,
  },
  {
    column: nullable('curvature', 'f64', '1', 'curvature λ of the objective'),
    valueFor: ({ objective }) => objective?.curvature,
  },
  {
    column: nullable('start', 'f64', '1', 'x of the objective before the first epoch'),
    valueFor: ({ objective }) => objective?.start,
  },
  {
    column: nullable('layers', 'dictionary', '', 'units per layer, inputs first'),
    valueFor: ({ layers }) => layers && layersLabel(layers),
  },
  {
    column: nullable('activation', 'dictionary', '', 'activation of the hidden layers; the output layer is linear'),
    valueFor: ({ activation }) => activation,
    names: namesOf(ACTIVATIONS),
  },
  {
    column: nullable('data', 'dictionary', '', 'data set'),
    valueFor: ({ data }) => data?.kind,
    names: [...namesOf(DATASETS), 'file'],
  },
  {
    column: nullable('points', 'u32', '1', 'samples in the data set'),
    valueFor: ({ data }) => data?.points,
  },
  {
    column: nullable('data_seed', 'u32', '1', 'seed of the teacher that makes the data set'),
    valueFor: ({ data }) => data?.seed,
  },
  {
    column: nullable('data_hash', 'dictionary', '', `first ${HASH_DIGITS} hex digits of the SHA-256 of a data file`),
    valueFor: ({ data }) => (data?.kind === 'file' ? data.hash.slice(0, HASH_DIGITS) : undefined),
  },
  {
    column: nullable('init', 'dictionary', '', 'distribution of the initial weights'),
    valueFor: ({ init }) => init,
    names: namesOf(INITS),
  },
  {
    column: column('optimizer', 'dictionary', '', 'optimiser'),
    valueFor: ({ optimizer }) => optimizer.kind,
    names: namesOf(OPTIMIZERS),
  },
  {
    column: column('form', 'dictionary', '', 'form in which the update is computed'),
    valueFor: ({ optimizer }) => optimizer.form,
    names: namesOf(FORMS),
  },
  {
    column: column('learning_rate', 'f64', '1', 'step size'),
    valueFor: ({ optimizer }) => optimizer.learningRate,
  },
  {
    column: nullable('beta1', 'f64', '1', 'decay rate of the first moment per step'),
    valueFor: ({ optimizer }) => optimizer.beta1,
  },
  {
    column: nullable('beta2', 'f64', '1', 'decay rate of the second moment per step'),
    valueFor: ({ optimizer }) => optimizer.beta2,
  },
  {
    column: nullable('epsilon', 'f64', '1', 'term added to the denominator of the update'),
    valueFor: ({ optimizer }) => optimizer.epsilon,
  },
  {
    column: nullable('weight_decay', 'f64', '1', 'decoupled weight decay'),
    valueFor: ({ optimizer }) => optimizer.weightDecay,
  },
  {
    column: nullable('batch', 'u32', '1', 'samples per step; equals points for full batch'),
    valueFor: ({ batch, data }) => (batch === 'full' ? data?.points : batch),
    // Full batches of two data sets are the same setting.
    comparedBy: ({ batch }) => batch,
  },
  {
    column: nullable('shuffle', 'bool', '', 'whether each epoch has an order of samples of its own'),
    valueFor: ({ objective, shuffle = false }) => (objective === undefined ? shuffle : undefined),
    comparedBy: ({ shuffle }) => shuffle,
  },
  {
    column: column('subnormals', 'dictionary', '', 'treatment of subnormal numbers'),
    valueFor: ({ subnormals }) => subnormals,
    names: namesOf(SUBNORMALS),
  },
  {
    column: column('precision', 'dictionary', '', 'floating-point format of every operation'),
    valueFor: ({ precision }) => precision,
    names: namesOf(PRECISIONS),
  },
];
