/**
 * The forward pass of a layer over the samples of a batch, twin of src/reference/forward.ts: z_o = ((b_o + W_o0·a_0) +
 * W_o1·a_1) + …, a′_o = f(z_o).
 */
import type { GroupShape } from '../../group/layout.ts';
import { type Code, range } from '../tree/code.ts';
import type { Elementary } from './elementary.ts';
import { activationOf, type Batch, firstBelow, type Layer, THETA } from './shape.ts';
import { rowFactors, samplesOfTile, sumsOfProducts, TILE_UNITS } from './tiles.ts';

/** Writes a layer's pass: leaves f(z), and f′(z) where the activation keeps it, in the layer's scratch. */
export function forward(
  code: Code,
  options: { shape: GroupShape; batch: Batch; layer: Layer },
  elementary: Elementary,
): void {
  const { shape, batch, layer } = options;
  const { inputCount, outputCount, weights, biases, below, activations, slopes } = layer;
  const activation = activationOf(shape, layer);
  const begin = firstBelow(layer, batch);
  code.note(`forward, layer ${layer.number}: z = b + W·a, a = f(z)`);
  code.tiles({ name: 'unit', count: outputCount, size: TILE_UNITS }, (unit, units) => {
    const weight = rowFactors(code, { rows: units, terms: inputCount }, (row, input) =>
      THETA.load(unit.plus(row).times(inputCount).plus(input).plus(weights)),
    );
    const bias = range(units).map((row) => code.let('bias', THETA.load(unit.plus(biases + row))));
    const size = samplesOfTile({ units, terms: inputCount });
    code.tiles({ name: 'sample', count: batch.count, size }, (sample, samples) => {
      const sums = sumsOfProducts(code, {
        name: 'z',
        rows: units,
        columns: samples,
        terms: inputCount,
        start: (row) => bias[row],
        rowFactor: weight,
        columnFactor: (column, input) => below.load(sample.plus(column).plus(begin).times(inputCount).plus(input)),
      });
      const store = (row: number, column: number) => () => {
        const at = sample.plus(column).times(outputCount).plus(unit).plus(row);
        const z = sums[row][column];
        code.store(activations, at, activation.value(z, elementary));
        if (activation.slope !== undefined) code.store(slopes, at, activation.slope(z, elementary));
      };
      for (const column of range(samples)) code.abreast(range(units).map((row) => store(row, column)));
    });
  });
}
