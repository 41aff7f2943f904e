/**
 * Expands a sweep into its networks, in one documented order: nested loops over layers, activation, data (blocks, then kind,
 * points, seed, or the files), init, optimizer (blocks, then kind, form, learningRate, beta1, beta2, epsilon, weightDecay), batch, subnormals,
 * precision and seeds, the last one fastest. Axes keep the order of the file. A network's id is its place in this order.
 */
import { OPTIMIZERS, type OptimizerOption } from '../../schemas/catalogue.ts';
import type { DataConfig, Network, NetworkConfig, OptimizerConfig } from '../../schemas/network.ts';
import { UsageError } from '../../schemas/problems.ts';
import { type DataBlock, OPTIMIZER_DEFAULTS, type OptimizerBlock, type Sweep } from '../../schemas/sweep.ts';
import { networkKey } from './identify.ts';

/**
 * The networks of a sweep, `networks[id]`.
 *
 * @throws UsageError where two blocks describe the same network.
 */
export function expandSweep(sweep: Sweep): Network[] {
  const networks: Network[] = [];
  const idOfKey = new Map<string, number>();
  for (const config of configurations(sweep)) {
    const id = networks.length;
    const key = networkKey(config);
    const earlier = idOfKey.get(key);
    if (earlier !== undefined) {
      throw new UsageError({
        where: `sweep "${sweep.name}"`,
        got: `networks ${earlier} and ${id} with the same configuration ${JSON.stringify(config)}`,
        expected: 'each network once',
        remedy: 'remove the overlap between the blocks under data or optimizer',
      });
    }
    idOfKey.set(key, id);
    networks.push({ id, key, ...config });
  }
  return networks;
}

function* configurations(sweep: Sweep): Generator<NetworkConfig> {
  const dataSets = sweep.data.flatMap(dataConfigs);
  const optimizers = sweep.optimizer.flatMap(optimizerConfigs);
  for (const layers of sweep.layers)
    for (const activation of sweep.activation)
      for (const data of dataSets)
        for (const init of sweep.init)
          for (const optimizer of optimizers)
            for (const batch of sweep.batch)
              for (const subnormals of sweep.subnormals)
                for (const precision of sweep.precision)
                  for (const seed of sweep.seeds)
                    yield { layers, activation, data, init, optimizer, batch, precision, subnormals, seed };
}

function dataConfigs(block: DataBlock): DataConfig[] {
  if (block.file !== undefined) {
    const { file, content } = block;
    if (content.length !== file.length) throw new Error(`the data of ${file.join(', ')} have not been read`);
    return content.map(({ hash, points }) => ({ kind: 'file', hash, points }));
  }
  const { kind: kinds, points: sizes, seed: seeds = [0] } = block;
  return kinds.flatMap((kind) =>
    sizes.flatMap((points): DataConfig[] =>
      kind === 'teacher' ? seeds.map((seed) => ({ kind, points, seed })) : [{ kind, points }],
    ),
  );
}

/** An option that an optimiser does not take spans no axis for it. */
function optimizerConfigs(block: OptimizerBlock): OptimizerConfig[] {
  return block.kind.flatMap((kind) => {
    const options: readonly OptimizerOption[] = OPTIMIZERS[kind].options;
    let configs: OptimizerConfig[] = block.form.flatMap((form) =>
      block.learningRate.map((learningRate) => ({ kind, form, learningRate })),
    );
    for (const option of options) {
      const values = block[option] ?? [OPTIMIZER_DEFAULTS[option]];
      configs = configs.flatMap((config) => values.map((value) => ({ ...config, [option]: value })));
    }
    return configs;
  });
}
