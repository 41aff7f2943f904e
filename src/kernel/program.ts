/**
 * A kernel as a program: the tree for a shape and the scratch that it needs. One call trains all lanes of a group for a number of
 * epochs, from and to the group's memory: for each epoch all layers forward, the loss, all layers backward, and the update.
 */
import { parameterCount } from '../../schemas/network.ts';
import type { GroupShape } from '../group/layout.ts';
import type { Precision } from '../numeric/rounding.ts';
import { gradient, hiddenDeltas, loss } from './backward.ts';
import { Code } from './code.ts';
import { Elementary } from './elementary.ts';
import { beginExtremes, storeExtremes, takeSignals } from './extremes.ts';
import { forward } from './forward.ts';
import { activationOf, GRADIENT, layersOf } from './shape.ts';
import type { Statement } from './tree.ts';
import { previousSquares, update } from './update.ts';

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
  const { precision, lanes, sampleCount } = shape;
  const layers = layersOf(shape);
  const code = new Code();
  const elementary = new Elementary(code, precision);
  const squares = previousSquares(code, shape);
  const extremes = beginExtremes(code);
  code.loop({ name: 'epoch', count: EPOCHS_ARGUMENT }, (epoch) => {
    for (const layer of layers) forward(code, shape, layer, elementary);
    const meanSquare = loss(code, shape, layers[layers.length - 1]);
    for (let i = layers.length - 2; i >= 0; i--) hiddenDeltas(code, shape, layers[i], layers[i + 1]);
    for (const layer of layers) gradient(code, shape, layer);
    takeSignals(code, extremes, update(code, shape, { epoch, loss: meanSquare, previousSquares: squares }));
  });
  storeExtremes(code, extremes);

  const scratch: Record<string, number> = { [GRADIENT.name]: parameterCount(shape.layers) };
  for (const layer of layers) {
    const count = sampleCount * layer.outputCount;
    scratch[layer.activations.name] = count;
    if (activationOf(shape, layer).slope !== undefined) scratch[layer.slopes.name] = count;
    scratch[layer.deltas.name] = count;
  }
  return { precision, lanes, tree: code.statements, scratch };
}
