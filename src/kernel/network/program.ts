/**
 * A kernel as a program: the tree for a shape and the scratch that it needs. One call trains all lanes of a group for a
 * number of subchunks of equally many epochs, from and to the group's memory: for each batch of an epoch all layers
 * forward, the loss, all layers backward, and the update; and for each subchunk the extremes of its signals.
 */
import { type GroupShape, parametersOf, stepsPerEpoch } from '../../group/layout.ts';
import type { Precision } from '../../numeric/rounding.ts';
import { Code, ZERO } from '../tree/code.ts';
import { Index, type Statement, type Variable, type Vector } from '../tree/tree.ts';
import { errors, gradient, hiddenDeltas, loss } from './backward.ts';
import { Elementary } from './elementary.ts';
import { beginExtremes, storeExtremes, takeSignals } from './extremes.ts';
import { forward } from './forward.ts';
import { objective } from './objective.ts';
import { activationOf, type Batch, GRADIENT, layersOf } from './shape.ts';
import { keepStart, previousSquares, START, step, update } from './update.ts';

/** The arguments that say how many subchunks a call trains, and how many epochs of each: no more than the shape has. */
export const COUNT_ARGUMENTS: readonly string[] = ['subchunks', 'epochs'];

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
  const { precision, lanes, exponent, subchunkEpochs } = shape;
  const code = new Code();
  const elementary = new Elementary(code, precision);
  const squares = previousSquares(code, shape);
  code.loop({ name: 'subchunk', count: 'subchunks' }, (subchunk) => {
    const extremes = beginExtremes(code);
    code.loop({ name: 'epoch', count: 'epochs' }, (i) => {
      const epoch = subchunk.times(subchunkEpochs).plus(i);
      const loss = exponent === null ? trainLayers(code, { shape, elementary, epoch }) : objective(code, exponent);
      takeSignals(code, extremes, update(code, shape, { epoch, loss, previousSquares: squares }));
    });
    storeExtremes(code, shape, subchunk, extremes);
  });

  return { precision, lanes, tree: code.statements, scratch: scratchOf(shape) };
}

/** Writes all steps of an epoch but the last one's update, which the gradient is left for; returns the loss. */
function trainLayers(code: Code, options: { shape: GroupShape; elementary: Elementary; epoch: Index }): Vector {
  const { shape, elementary, epoch } = options;
  const { sampleCount, batchSize } = shape;
  const layers = layersOf(shape);
  const outputLayer = layers[layers.length - 1];
  const steps = stepsPerEpoch(shape);
  /** Writes a batch's gradient; returns the sum of squared errors by then. */
  const pass = (batch: Batch, squaresBefore: Variable | null): Variable => {
    const pass = { shape, batch };
    for (const layer of layers) forward(code, { ...pass, layer }, elementary);
    const sum = errors(code, pass, outputLayer, squaresBefore);
    for (let i = layers.length - 2; i >= 0; i--) hiddenDeltas(code, pass, layers[i], layers[i + 1]);
    for (const layer of layers) gradient(code, batch, layer);
    return sum;
  };
  const first = shape.isShuffled ? epoch.times(sampleCount) : new Index(0);
  let sum: Variable | null = null;
  if (steps > 1) {
    keepStart(code, shape);
    const squares = code.let('squares', ZERO);
    code.loop({ name: 'batch', count: steps - 1 }, (batch) => {
      pass({ first: first.plus(batch.times(batchSize)), count: batchSize }, squares);
      step(code, shape, epoch.times(steps).plus(batch));
    });
    sum = squares;
  }
  const met = (steps - 1) * batchSize;
  return loss(code, shape, outputLayer, pass({ first: first.plus(met), count: sampleCount - met }, sum));
}

/** Elements of each section of scratch. */
function scratchOf(shape: GroupShape): Record<string, number> {
  const parameters = parametersOf(shape);
  const scratch: Record<string, number> = { [GRADIENT.name]: parameters };
  if (stepsPerEpoch(shape) > 1) scratch[START.name] = parameters;
  for (const layer of layersOf(shape)) {
    const count = shape.batchSize * layer.outputCount;
    scratch[layer.activations.name] = count;
    if (activationOf(shape, layer).slope !== undefined) scratch[layer.slopes.name] = count;
    scratch[layer.deltas.name] = count;
  }
  return scratch;
}
