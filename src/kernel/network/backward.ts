/**
 * Loss and backward pass over the samples of a batch, twins of src/reference/backward.ts and of the loss in epoch.ts.
 * Here each step is taken for all of them before the next one begins; since every sum keeps its order, the bits are
 * those of sample after sample.
 */
import type { GroupShape } from '../../group/layout.ts';
import { roundingTo } from '../../numeric/rounding.ts';
import { type Code, range, ZERO } from '../tree/code.ts';
import { add, constant, Index, multiply, subtract, type Variable, type Vector } from '../tree/tree.ts';
import { activationOf, type Batch, firstBelow, GRADIENT, type Layer, THETA, targetsOf } from './shape.ts';
import { rowFactors, samplesOfTile, sumsOfProducts, TILE_SUMS, TILE_UNITS } from './tiles.ts';

/** What a pass is over. */
interface Pass {
  readonly shape: GroupShape;
  readonly batch: Batch;
}

/**
 * Writes e = a − y, δ = (2/(n·O))·e of the output layer over the n samples of a batch; returns the sum of e·e, added to
 * that of the batches before.
 */
export function errors(code: Code, { shape, batch }: Pass, layer: Layer, before: Variable | null): Variable {
  const { outputCount, activations, deltas } = layer;
  const targets = targetsOf(shape);
  code.note('loss: e = a − y, the mean of e·e; ∂L/∂z of the output layer');
  const squares = before ?? code.let('squares', ZERO);
  const scale = constant(roundingTo(shape.precision)(2 / (batch.count * outputCount)));
  code.loop({ name: 'output', count: batch.count * outputCount }, (at) => {
    const target = targets.load(at.plus(batch.first.times(outputCount)));
    const error = code.let('error', subtract(activations.load(at), target));
    code.set(squares, add(squares, multiply(error, error)));
    code.store(deltas, at, multiply(scale, error));
  });
  return squares;
}

/** Writes the loss S·(1/(N·O)) of an epoch, S the sum of e·e over its N samples. */
export function loss(
  code: Code,
  { sampleCount, precision }: GroupShape,
  { outputCount }: Layer,
  squares: Vector,
): Vector {
  return code.let('loss', multiply(squares, constant(roundingTo(precision)(1 / (sampleCount * outputCount)))));
}

/** Writes δ_j = f′(z_j)·Σ_o W_oj δ_o of a hidden layer, over the units o of the layer above. */
export function hiddenDeltas(code: Code, { shape, batch }: Pass, layer: Layer, above: Layer): void {
  const { outputCount, activations, slopes, deltas } = layer;
  const activation = activationOf(shape, layer);
  const kept = activation.slope === undefined ? activations : slopes;
  code.note(`backward, layer ${layer.number}: δ = f′(z)·Wᵀδ`);
  code.tiles({ name: 'unit', count: outputCount, size: TILE_UNITS }, (unit, units) => {
    const weight = rowFactors(code, { rows: units, terms: above.outputCount }, (row, output) =>
      THETA.load(
        output
          .times(outputCount)
          .plus(unit)
          .plus(above.weights + row),
      ),
    );
    const size = samplesOfTile({ units, terms: above.outputCount });
    code.tiles({ name: 'sample', count: batch.count, size }, (sample, samples) => {
      const sums = sumsOfProducts(code, {
        name: 'upstream',
        rows: units,
        columns: samples,
        terms: above.outputCount,
        start: () => ZERO,
        rowFactor: weight,
        columnFactor: (column, output) => above.deltas.load(sample.plus(column).times(above.outputCount).plus(output)),
      });
      for (const column of range(samples)) {
        for (const row of range(units)) {
          const at = sample.plus(column).times(outputCount).plus(unit).plus(row);
          code.store(deltas, at, activation.backward(sums[row][column], code.let('kept', kept.load(at))));
        }
      }
    });
  });
}

/**
 * Writes ∂L/∂W_oi = Σ δ_o a_i and ∂L/∂b_o = Σ δ_o over the samples of a batch in their order, for all parameters of a
 * layer.
 */
export function gradient(code: Code, batch: Batch, layer: Layer): void {
  const begin = firstBelow(layer, batch);
  const { inputCount, outputCount, weights, biases, below, deltas } = layer;
  code.note(`gradient, layer ${layer.number}: ∂L/∂W = Σ δ·a, ∂L/∂b = Σ δ`);
  const inputsATile = Math.min(inputCount, outputCount === 1 ? TILE_SUMS : TILE_SUMS / 2);
  // A bias is one more column: beside the inputs where one tile takes them all or fewer than a tile are left, else by
  // itself.
  const biasesApart = inputCount > inputsATile && inputCount % inputsATile === 0;
  const columnCount = inputsATile + (inputCount > inputsATile ? 0 : 1);
  const outputsATile = Math.max(1, Math.round(TILE_SUMS / columnCount));

  const tile = (unit: Index, units: number, input: Index, inputs: number, withBias: boolean): void => {
    const sums = sumsOfProducts(code, {
      name: 'sum',
      rows: units,
      columns: withBias ? inputs + 1 : inputs,
      terms: batch.count,
      start: () => ZERO,
      rowFactor: (row, sample) => deltas.load(sample.times(outputCount).plus(unit).plus(row)),
      columnFactor: (column, sample) =>
        column === inputs ? null : below.load(sample.plus(begin).times(inputCount).plus(input).plus(column)),
    });
    for (const [row, sumsOfUnit] of sums.entries()) {
      const first = unit.plus(row).times(inputCount).plus(input).plus(weights);
      for (const column of range(inputs)) code.store(GRADIENT, first.plus(column), sumsOfUnit[column]);
      if (withBias) code.store(GRADIENT, unit.plus(biases + row), sumsOfUnit[inputs]);
    }
  };

  code.tiles({ name: 'unit', count: outputCount, size: outputsATile }, (unit, units) => {
    code.tiles({ name: 'input', count: inputCount, size: inputsATile }, (input, inputs) => {
      const isLast = inputs < inputsATile || inputCount === inputsATile;
      tile(unit, units, input, inputs, isLast);
    });
  });
  if (biasesApart) {
    code.tiles({ name: 'unit', count: outputCount, size: TILE_SUMS }, (unit, units) => {
      tile(unit, units, new Index(0), 0, true);
    });
  }
}
