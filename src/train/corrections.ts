/**
 * The bias corrections of groups, written into their memories chunk by chunk. Lanes with equal optimisers share the
 * computing, and so do the groups of a task that have the same optimisers in the same lanes: of short networks there
 * are hundreds, one after another.
 */
import type { Network, OptimizerConfig } from '../../schemas/network.ts';
import { Corrections } from '../data/optimizer-constants.ts';
import { type GroupShape, stepsPerEpoch } from '../group/layout.ts';
import type { FloatArray } from '../numeric/bits.ts';
import { type Rounding, roundingTo } from '../numeric/rounding.ts';

/** Chunks kept for the groups that follow take no more than this; later ones are computed anew for each group. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** The corrections of the groups of one task. */
export class SharedCorrections {
  readonly #byPattern = new Map<string, GroupCorrections>();
  #bytesLeft: number;

  /** `keptBytesMax` is 0 where no group will follow that could use what another one has written. */
  constructor(keptBytesMax = KEPT_BYTES_MAX) {
    this.#bytesLeft = keptBytesMax;
  }

  /** Those of a group of some shape. */
  of(networks: readonly Network[], shape: GroupShape): GroupCorrections {
    const { precision, lanes, chunkEpochs } = shape;
    const pattern = [patternOf(networks), precision, lanes, chunkEpochs, stepsPerEpoch(shape)].join(' ');
    let corrections = this.#byPattern.get(pattern);
    if (corrections === undefined) {
      const take = (bytes: number): boolean => {
        this.#bytesLeft -= bytes;
        return this.#bytesLeft >= 0;
      };
      corrections = new GroupCorrections(networks, shape, take);
      this.#byPattern.set(pattern, corrections);
    }
    return corrections;
  }
}

/** The optimisers of lanes as a text; equal ones are told by the first lane that has them. */
function patternOf(networks: readonly Network[]): string {
  const optimizers = new Map<OptimizerConfig, string>();
  const texts = networks.map(({ optimizer }) => {
    const text = optimizers.get(optimizer) ?? correctionText(optimizer);
    optimizers.set(optimizer, text);
    return text;
  });
  return texts.join(', ');
}

/** All that decides corrections. */
const correctionText = ({ kind, form, learningRate, beta1, beta2 }: OptimizerConfig): string =>
  [kind, form, learningRate, beta1, beta2].join(' ');

/** The corrections of all lanes of a group. */
export class GroupCorrections {
  readonly #shape: GroupShape;
  readonly #steps: number;
  readonly #round: Rounding;
  readonly #byOptimizer: readonly { readonly series: Corrections; readonly lanes: readonly number[] }[];
  /** Whether there is room to keep so many bytes. */
  readonly #takeRoom: (bytes: number) => boolean;
  /** Sections as they were written, by the first epoch of the chunk. */
  readonly #kept = new Map<
    number,
    { readonly count: number; readonly section: FloatArray; readonly isSteady: boolean }
  >();

  constructor(networks: readonly Network[], shape: GroupShape, takeRoom: (bytes: number) => boolean) {
    this.#shape = shape;
    this.#steps = stepsPerEpoch(shape);
    this.#round = roundingTo(shape.precision);
    this.#takeRoom = takeRoom;
    const lanesByText = new Map<string, number[]>();
    for (const [lane, { optimizer }] of networks.entries()) {
      const text = correctionText(optimizer);
      lanesByText.set(text, [...(lanesByText.get(text) ?? []), lane]);
    }
    this.#byOptimizer = Array.from(lanesByText.values(), (lanes) => ({
      series: new Corrections(networks[lanes[0]].optimizer, shape.chunkEpochs * this.#steps),
      lanes,
    }));
  }

  /**
   * Writes the corrections of `count` epochs from `firstEpoch` on into a section `[correction][step of the
   * chunk][lane]`. Returns whether the section is now right for any chunk that follows: corrections end.
   */
  write(section: FloatArray, firstEpoch: number, count: number): boolean {
    const kept = this.#kept.get(firstEpoch);
    if (kept !== undefined && kept.count >= count) {
      section.set(kept.section);
      return kept.isSteady;
    }
    this.#compute(section, firstEpoch, count);
    const isSteady = this.#byOptimizer.every(({ series }) => series.isSteady(this.#round));
    if (isSteady) this.#repeatFirstStep(section);
    if (this.#takeRoom(section.byteLength)) this.#kept.set(firstEpoch, { count, section: section.slice(), isSteady });
    return isSteady;
  }

  #compute(section: FloatArray, firstEpoch: number, count: number): void {
    const { corrections, chunkEpochs, lanes: laneCount } = this.#shape;
    const stepCount = count * this.#steps;
    for (const { series, lanes } of this.#byOptimizer) {
      series.begin((firstEpoch - 1) * this.#steps + 1, stepCount);
      for (const lane of lanes) {
        for (let c = 0; c < corrections; c++) {
          const start = c * chunkEpochs * this.#steps;
          for (let i = start; i < start + stepCount; i++) section[i * laneCount + lane] = series.values[i];
        }
      }
    }
  }

  /** Gives all steps that the section has room for the corrections of the first. */
  #repeatFirstStep(section: FloatArray): void {
    const { corrections, lanes } = this.#shape;
    const length = section.length / corrections;
    for (let start = 0; start < section.length; start += length)
      for (let i = start + lanes; i < start + length; i++) section[i] = section[i - lanes];
  }
}
