/**
 * Remarks on a plan: what is allowed and yet probably not meant. There is one kind: data whose targets vary so little
 * that one step at a planned learning rate exceeds all that a network could learn. Pure; the command words them.
 */
import { type MomentName, OPTIMIZERS, type OptimizerName } from '../../schemas/catalogue.ts';
import type { DataConfig, Network } from '../../schemas/network.ts';
import { makeDataset } from '../data/datasets.ts';

/** A data set whose targets vary little beside learning rates. */
export interface VarianceRemark {
  readonly data: DataConfig;
  /** V, the mean over outputs of the variance of the targets; 0 where they are constant. */
  readonly variance: number;
  /** The smallest and the largest learning rate that exceed it; null where V is 0, because then every one does. */
  readonly learningRates: readonly [number, number] | null;
  /** Networks that train on these data at such rates. */
  readonly networks: number;
}

/**
 * Samples of formulas that are made to be judged; a data set counts for 1000 more. In all they take about a second.
 * Later data sets are only counted. Files are in memory anyway.
 */
const SAMPLES_MAX = 1_000_000;
const SAMPLES_PER_DATA_SET = 1000;

/**
 * The data sets of a plan that deserve a remark, in its order, and the number of those that were too many to judge.
 *
 * An optimiser that divides by √v moves each parameter by about its learning rate, however small the gradient. Moved
 * by lr from a perfect fit, the bias of the output alone adds lr² to the loss, whatever the layers. The loss of
 * predicting the mean is V. So where lr² ≥ V, one step can undo all that was learned. P·lr² for P parameters would be
 * no better bound: it assumes that all of them move the output the same way. It would name 1-8-1 (P = 25) at lr 0.1
 * on the polynomial (V = 0.18), which such networks learn. A step of sgd or momentum shrinks with the gradient, so
 * neither deserves a remark.
 */
export function varianceRemarks(networks: readonly Network[]): { remarks: VarianceRemark[]; unjudgedDataSets: number } {
  const judged = new Map<string, VarianceRemark>();
  const unjudged = new Set<string>();
  let samples = 0;
  for (const { data, optimizer } of networks) {
    if (data === undefined) continue;
    const key = data.kind === 'file' ? data.hash : `${data.kind} ${data.points} ${data.seed}`;
    const known = judged.get(key);
    if (known === undefined && data.kind !== 'file') {
      if (samples >= SAMPLES_MAX) {
        unjudged.add(key);
        continue;
      }
      samples += SAMPLES_PER_DATA_SET + data.points;
    }
    const remark = known ?? { data, variance: makeDataset(data).targetVariance, learningRates: null, networks: 0 };
    judged.set(key, withNetwork(remark, optimizer));
  }
  return { remarks: [...judged.values()].filter(({ networks }) => networks > 0), unjudgedDataSets: unjudged.size };
}

/** A remark as it is, or with one more network where that exceeds the variance. */
function withNetwork(
  remark: VarianceRemark,
  { kind, learningRate }: { kind: OptimizerName; learningRate: number },
): VarianceRemark {
  const { variance, learningRates, networks } = remark;
  if (variance === 0) return { ...remark, networks: networks + 1 };
  const moments: readonly MomentName[] = OPTIMIZERS[kind].moments;
  if (!moments.includes('secondMoment') || learningRate * learningRate < variance) return remark;
  const [low, high] = learningRates ?? [learningRate, learningRate];
  return {
    ...remark,
    learningRates: [Math.min(low, learningRate), Math.max(high, learningRate)],
    networks: networks + 1,
  };
}
