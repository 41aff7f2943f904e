/**
 * What watches one network while it trains: an observer, a bucket and a digest, fed with each chunk of its signals.
 * They can be taken apart into numbers at any epoch and put together again.
 */
import type { NetworkCheckpoint } from '../../schemas/checkpoint.ts';
import type { Thresholds } from '../../schemas/detectors.ts';
import type { Network } from '../../schemas/network.ts';
import { makeDataset } from '../data/datasets.ts';
import { Observer } from '../detect/observer.ts';
import type { FloatArray } from '../numeric/bits.ts';
import { Bucket } from './buckets.ts';
import { DigestBuilder } from './digest.ts';
import type { LaneSignals } from './lane-signals.ts';
import type { TraceWriter } from './trace-writer.ts';

/** The part of a checkpoint that is about what was seen, not about the network's own state. */
type Seen = Pick<
  NetworkCheckpoint,
  'observer' | 'lossWindow' | 'bucket' | 'firstBlock' | 'blockDigests' | 'openLosses'
>;

/** Room for losses, a watch's own while it is in use. */
export interface LossRoom {
  /** One block. */
  readonly openBlock: FloatArray;
  /** The window that spikes are told by. */
  readonly window: FloatArray;
}

export class Watch {
  readonly id: number;
  readonly observer: Observer;
  readonly digest: DigestBuilder;
  readonly #signals: LaneSignals;
  readonly #bucket: Bucket;
  readonly #trace: TraceWriter;

  constructor(options: {
    network: Network;
    signals: LaneSignals;
    room: LossRoom;
    trace: TraceWriter;
    epochs: number;
    bucketEpochs: number;
    thresholds: Thresholds;
  }) {
    const { network, room, trace, epochs, bucketEpochs, thresholds } = options;
    this.id = network.id;
    this.observer = new Observer({
      epochs,
      thresholds,
      ...scaleAndOrder(network),
      window: room.window,
      emit: (event) => trace.event(network.id, event),
    });
    this.digest = new DigestBuilder(room.openBlock);
    this.#signals = options.signals;
    this.#bucket = new Bucket({ network: network.id, bucketEpochs, epochs });
    this.#trace = trace;
  }

  /** Takes the chunk that was trained last; chunks must follow one another without a gap. */
  take(chunk: { firstEpoch: number; count: number }): void {
    this.#signals.begin(chunk);
    this.observer.observe(this.#signals);
    this.#trace.epochs(this.#bucket, this.#signals);
    this.#trace.blocks(this.id, this.digest.losses(this.#signals));
  }

  /** What has been seen by now, as numbers of its own; of the digests those from `firstBlock` on. */
  seen(firstBlock = 0): Seen {
    const { numbers: observer, window: lossWindow } = this.observer.save();
    return { observer, lossWindow, bucket: this.#bucket.save(), ...this.digest.save(firstBlock) };
  }

  /** Goes on where another watch of the network was after `epoch` epochs. */
  restore(epoch: number, { observer, lossWindow, bucket, blockDigests, openLosses }: Seen): void {
    this.observer.restore({ numbers: observer, window: lossWindow });
    this.#bucket.restore(bucket);
    this.digest.restore(epoch, { blockDigests, openLosses });
  }
}

/** What losses are compared with, null for the first loss; and whether each epoch draws its batches in a new order. */
function scaleAndOrder(network: Network): { targetVariance: number | null; isShuffled: boolean } {
  if (network.objective !== undefined) return { targetVariance: null, isShuffled: false };
  const { targets, outputCount, targetVariance } = makeDataset(network.data);
  const isShuffled = network.shuffle === true && Number(network.batch) < targets.length / outputCount;
  return { targetVariance, isShuffled };
}
