/**
 * A kernel as a program: the tree for a shape and the scratch that it needs. One call trains all lanes of a group for a number of
 * epochs, from and to the group's memory: for each batch of an epoch all layers forward, the loss, all layers backward, and the update.
 */
import { parameterCount } from '../../schemas/network.ts';
import { type GroupShape, stepsPerEpoch } from '../group/layout.ts';
import type { Precision } from '../numeric/rounding.ts';
import { errors, gradient, hiddenDeltas, loss } from './backward.ts';
import { Code, ZERO } from './code.ts';
import { Elementary } from './elementary.ts';
import { beginExtremes, storeExtremes, takeSignals } from './extremes.ts';
import { forward } from './forward.ts';
import { activationOf, type Batch, GRADIENT, layersOf } from './shape.ts';
import { Index, type Statement, type Variable } from './tree.ts';
import { keepStart, previousSquares, START, step, update } from './update.ts';

/** The name of the argument that says how many epochs a call trains. */
export const EPOCHS_ARGUMENT = 'epochs';

/** What the printers print. */
export interface Program {
  readonly precision: Precision;
  readonly lanes: number;
  readonly tree: readonly Statement[];
  /** Elements of each section of scratch. */
  readonly scratch: Readonly<Record<string, number>>;
}

/** The program of a shape. */
export function programOf(shape: GroupShape): Program {
  const { precision, lanes, sampleCount, batchSize } = shape;
  const layers = layersOf(shape);
  const outputLayer = layers[layers.length - 1];
  const steps = stepsPerEpoch(shape);
  const code = new Code();
  const elementary = new Elementary(code, precision);
  const squares = previousSquares(code, shape);
  const extremes = beginExtremes(code);

  /** Writes a batch's gradient; returns the sum of squared errors by then. */
  const pass = (batch: Batch, squaresBefore: Variable | null): Variable => {
    const of = { shape, batch };
    for (const layer of layers) forward(code, { ...of, layer }, elementary);
    const sum = errors(code, of, outputLayer, squaresBefore);
    for (let i = layers.length - 2; i >= 0; i--) hiddenDeltas(code, of, layers[i], layers[i + 1]);
    for (const layer of layers) gradient(code, batch, layer);
    return sum;
  };
  /** Writes all batches of an epoch but the last, each with its step. */
  const stepsBeforeLast = (first: Index, firstStep: Index): Variable => {
    keepStart(code, shape);
    const sum = code.let('squares', ZERO);
    code.loop({ name: 'batch', count: steps - 1 }, (batch) => {
      pass({ first: first.plus(batch.times(batchSize)), count: batchSize }, sum);
      step(code, shape, firstStep.plus(batch));
    });
    return sum;
  };
  code.loop({ name: 'epoch', count: EPOCHS_ARGUMENT }, (epoch) => {
    const first = shape.isShuffled ? epoch.times(sampleCount) : new Index(0);
    const before = steps > 1 ? stepsBeforeLast(first, epoch.times(steps)) : null;
    const met = (steps - 1) * batchSize;
    const sum = pass({ first: first.plus(met), count: sampleCount - met }, before);
    const meanSquare = loss(code, shape, outputLayer, sum);
    takeSignals(code, extremes, update(code, shape, { epoch, loss: meanSquare, previousSquares: squares }));
  });
  storeExtremes(code, extremes);

  const scratch: Record<string, number> = { [GRADIENT.name]: parameterCount(shape.layers) };
  if (steps > 1) scratch[START.name] = parameterCount(shape.layers);
  for (const layer of layers) {
    const count = batchSize * layer.outputCount;
    scratch[layer.activations.name] = count;
    if (activationOf(shape, layer).slope !== undefined) scratch[layer.slopes.name] = count;
    scratch[layer.deltas.name] = count;
  }
  return { precision, lanes, tree: code.statements, scratch };
}
