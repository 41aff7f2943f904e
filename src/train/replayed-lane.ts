/**
 * One network of a group of replay: its windows, and the comparison of its losses and buckets with those that the run
 * has kept.
 */
import { BLOCK_EPOCHS, FLUSH_LIMITS } from '../../schemas/arithmetic.ts';
import { MOMENT_NAMES } from '../../schemas/catalogue.ts';
import type { Network } from '../../schemas/network.ts';
import type {
  Comparison,
  KeptTrace,
  Mismatch,
  ReplayRequest,
  ReplayState,
  StateWindow,
  WindowRequest,
} from '../../schemas/replay-messages.ts';
import { readLane } from '../group/layout.ts';
import { type FloatArray, floatArray } from '../numeric/bits.ts';
import type { NetworkState } from '../reference/epoch.ts';
import { BUCKET_COLUMN_NAMES, Bucket, BucketRows } from './buckets.ts';
import { type BlockDigest, DigestBuilder } from './digest.ts';
import type { GroupInMemory } from './engine.ts';
import { LaneSignals } from './lane-signals.ts';

/** The sections of a group's memory that windows keep. */
const KEPT_SECTIONS = ['theta', ...MOMENT_NAMES] as const;

const NOTHING_KEPT: KeptTrace = {
  blockEpochs: new Uint32Array(0),
  blockDigests: [],
  buckets: { epoch: new Uint32Array(0), columns: {} },
  bucketsAfter: Number.POSITIVE_INFINITY,
  digest: null,
};

export class ReplayedLane {
  readonly #network: Network;
  readonly #lane: number;
  readonly #group: GroupInMemory;
  /** The kernel's ∂L/∂θ, `[parameter][lane]`. */
  readonly #gradient: FloatArray;
  readonly #signals: LaneSignals;
  readonly #digest: DigestBuilder;
  readonly #bucket: Bucket;
  readonly #bucketRow: BucketRows;
  readonly #kept: KeptTrace;
  readonly #bucketEpochs: number;
  /** Of the run; the digest of a network is known by then. */
  readonly #lastEpoch: number;
  readonly #untilEpoch: number;
  /** The first block whose digest is known; from a later one on no digest of the whole network can be made. */
  readonly #firstBlock: number;
  readonly #windows = new Map<WindowRequest, StateWindow>();
  /** Windows that have not begun, the next one last, and those that are open. */
  readonly #ahead: StateWindow[];
  #open: StateWindow[] = [];
  /** How many blocks and buckets of the run's have been compared. */
  #blocks = 0;
  #buckets = 0;
  #provenEpoch = 0;
  #differentBlock: Mismatch['block'] = null;
  #differentBucket: Mismatch['bucket'] = null;

  constructor(options: {
    network: Network;
    lane: number;
    group: GroupInMemory;
    gradient: FloatArray;
    request: ReplayRequest;
    state: ReplayState | null;
  }) {
    const { network, lane, group, request, state } = options;
    const { bucketEpochs, epochs, epoch, windows, untilEpoch } = request;
    const { shape, sections } = group;
    this.#network = network;
    this.#lane = lane;
    this.#group = group;
    this.#gradient = options.gradient;
    this.#bucketEpochs = bucketEpochs;
    this.#lastEpoch = epochs;
    this.#untilEpoch = untilEpoch;
    this.#kept = request.kept?.[lane] ?? NOTHING_KEPT;
    this.#signals = new LaneSignals({ shape, memory: sections, lane });
    this.#digest = new DigestBuilder(floatArray(shape.precision, BLOCK_EPOCHS));
    this.#bucketRow = new BucketRows(1, bucketEpochs);
    this.#bucket = new Bucket({ network: network.id, bucketEpochs, epochs });
    this.#firstBlock = state?.firstBlock ?? 0;
    if (state !== null) {
      this.#digest.restore(epoch, state);
      if (epoch > this.#kept.bucketsAfter) this.#bucket.restore(state.bucket);
    }
    for (const window of windows) if (window.network === network.id) this.#windows.set(window, this.#newWindow(window));
    this.#ahead = [...this.#windows.values()].sort((a, b) => b.first - a.first);
  }

  /**
   * The epoch up to which one chunk may reach after `epoch`: an epoch of a window is a chunk of its own, and none
   * crosses the end of a bucket.
   */
  nextLook(epoch: number): number {
    if (this.#open.length > 0) return epoch + 1;
    const nextWindow = this.#ahead.at(-1)?.first ?? Number.POSITIVE_INFINITY;
    const { bucketsAfter } = this.#kept;
    const bucketEnd =
      epoch < bucketsAfter ? bucketsAfter : (Math.floor(epoch / this.#bucketEpochs) + 1) * this.#bucketEpochs;
    return Math.min(Math.max(nextWindow - 1, epoch + 1), bucketEnd);
  }

  /** Takes the chunk that was trained last: compares its losses, and keeps its state where it is of a window. */
  take(chunk: { firstEpoch: number; count: number }): void {
    this.#signals.begin(chunk);
    for (const block of this.#digest.losses(this.#signals)) this.#compareBlock(block);
    if (chunk.firstEpoch > this.#kept.bucketsAfter) {
      this.#bucket.observe(this.#signals, this.#bucketRow);
      if (this.#bucketRow.isFull) this.#compareBucket();
    }
    this.keep(this.#signals.lastEpoch);
  }

  /** Keeps the state at an epoch in the windows that it belongs to. */
  keep(epoch: number): void {
    while ((this.#ahead.at(-1)?.first ?? Number.POSITIVE_INFINITY) === epoch)
      this.#open.push(this.#ahead.pop() as StateWindow);
    let hasEnded = false;
    for (const window of this.#open) {
      this.#keepRow(window, epoch);
      hasEnded ||= window.last === epoch;
    }
    if (hasEnded) this.#open = this.#open.filter(({ last }) => last > epoch);
  }

  /** The window of a request of this network. */
  windowOf(request: WindowRequest): StateWindow {
    return this.#windows.get(request) as StateWindow;
  }

  /** What has been seen by now, to go on with. */
  seen(): Pick<ReplayState, 'network' | 'bucket' | 'firstBlock' | 'blockDigests' | 'openLosses'> {
    const { blockDigests, openLosses } = this.#digest.save();
    const digests = { firstBlock: this.#firstBlock, blockDigests, openLosses };
    return { network: this.#network.id, bucket: this.#bucket.save(), ...digests };
  }

  /**
   * How the network compares, once its range of the group is over. The state is made canonical, and nothing can be
   * taken any more.
   */
  comparison(state: NetworkState): Comparison {
    let digest: string | null = null;
    if (this.#untilEpoch === this.#lastEpoch) {
      const finished = this.#digest.finish([state.theta, ...MOMENT_NAMES.map((name) => state[name])]);
      if (finished.lastBlock !== null) this.#compareBlock(finished.lastBlock);
      if (this.#firstBlock === 0) digest = Buffer.from(finished.digest).toString('hex');
    }
    const [block, bucket] = [this.#differentBlock, this.#differentBucket];
    const kept = this.#kept.digest;
    const isStateOnly = digest !== null && kept !== null && digest !== kept && block === null;
    const isSame = block === null && bucket === null && !isStateOnly;
    return {
      network: this.#network.id,
      blocks: this.#blocks,
      buckets: this.#buckets,
      provenEpoch: this.#provenEpoch,
      digest,
      mismatch: isSame ? null : { block, bucket, isStateOnly },
    };
  }

  #newWindow(window: WindowRequest): StateWindow {
    const { shape, sections } = this.#group;
    const { precision, lanes } = shape;
    const rows = window.last - window.first + 1;
    const rowsOf = (section: FloatArray) => floatArray(precision, (rows * section.length) / lanes);
    return {
      ...window,
      loss: new Float64Array(rows),
      theta: rowsOf(sections.theta),
      firstMoment: rowsOf(sections.firstMoment),
      secondMoment: rowsOf(sections.secondMoment),
      maxSecondMoment: rowsOf(sections.maxSecondMoment),
      gradient: rowsOf(sections.theta),
    };
  }

  #keepRow(window: StateWindow, epoch: number): void {
    const { sections } = this.#group;
    const row = epoch - window.first;
    for (const name of KEPT_SECTIONS) this.#readRow(sections[name], window[name], row);
    window.loss[row] = epoch === 0 ? Number.NaN : this.#signals.loss(this.#signals.count - 1);
    if (epoch === 0) return;
    this.#readRow(this.#gradient, window.gradient, row);
    this.#flush(window.gradient, row);
  }

  /** Copies what a section has of the lane into a row, in place: a view for each would take as long as the copy. */
  #readRow(section: FloatArray, rows: FloatArray, row: number): void {
    const { lanes } = this.#group.shape;
    readLane(section, lanes, this.#lane, rows, (row * section.length) / lanes);
  }

  /** The optimiser saw the gradient flushed; the kernel leaves it as it was before. */
  #flush(gradients: FloatArray, row: number): void {
    if (this.#network.subnormals === 'ieee') return;
    const limit = FLUSH_LIMITS[this.#network.precision].gradient;
    const count = this.#gradient.length / this.#group.shape.lanes;
    for (let i = row * count; i < (row + 1) * count; i++) if (Math.abs(gradients[i]) < limit) gradients[i] = 0;
  }

  #compareBlock({ epoch, digest }: BlockDigest): void {
    const { blockEpochs, blockDigests } = this.#kept;
    const place = blockEpochs.indexOf(epoch);
    if (place < 0) return;
    if (blockDigests[place] === digest) {
      this.#blocks++;
      this.#provenEpoch = Math.max(this.#provenEpoch, epoch);
    } else {
      this.#differentBlock ??= { first: epoch - ((epoch - 1) % BLOCK_EPOCHS), last: epoch };
    }
  }

  #compareBucket(): void {
    const row = this.#bucketRow;
    row.rowCount = 0;
    const { buckets } = this.#kept;
    const last = row.epoch[0];
    const place = placeOf(buckets.epoch, last);
    if (place < 0) return;
    const first = last - ((last - 1) % this.#bucketEpochs);
    for (const column of BUCKET_COLUMN_NAMES) {
      const [found, kept] = [row.columns[column][0], buckets.columns[column][place]];
      // Takes all NaN as one and tells −0 from +0.
      if (!Object.is(found, kept)) {
        this.#differentBucket ??= { first, last, column, found, kept };
        return;
      }
    }
    this.#buckets++;
    this.#provenEpoch = Math.max(this.#provenEpoch, last);
  }
}

/** The place of an epoch among ascending ones, or −1. */
function placeOf(epochs: Uint32Array, epoch: number): number {
  let [low, high] = [0, epochs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (epochs[middle] < epoch) low = middle + 1;
    else high = middle;
  }
  return epochs[low] === epoch ? low : -1;
}
