/**
 * Analysis of a run: chooses spikes, has the epochs around them replayed, and hands each range to the analysing
 * threads as soon as it is whole. What is chosen depends on the events alone, and rows stand in the order of the plan,
 * so that the findings do not depend on threads. Work is bounded by the number of spikes, not by the size of the run.
 */
import type {
  AnalysedWindow,
  AnalysisOutcome,
  AnalysisRequest,
  AnalysisSite,
  SpikeEpochs,
} from '../../schemas/analysis-messages.ts';
import type { LayeredNetwork, Network } from '../../schemas/network.ts';
import { parametersOf } from '../../schemas/network.ts';
import type { ReplayedRange, StateWindow } from '../../schemas/replay-messages.ts';
import { isPreconditioned } from '../analysis/preconditioner.ts';
import { evenlySpread, randomSites, relaxationEnd, spikeSites } from '../analysis/sites.ts';
import { BYTES_OF } from '../numeric/bits.ts';
import { AnalysisPool, lostThread } from '../pool/thread-pool.ts';
import { Comparisons } from '../replay/comparisons.ts';
import { type ReplayOptions, replayGroups } from '../replay/replay-groups.ts';
import { planReplay, type ReplayGroup } from '../replay/replay-plan.ts';
import { type TracedSpike, TraceReader } from '../replay/trace-reader.ts';
import type { RunRecord } from '../run/folder.ts';
import { fileDatasets } from '../run/kept-data.ts';
import { prepareCompression } from '../storage/tables/compression.ts';

/** Of one network: the spikes of a network are much alike. */
const SPIKES_A_NETWORK_MAX = 16;
/** Bytes of the epochs of one site beyond which its record is cut short. */
const SITE_BYTES_MAX = 16 * 1024 * 1024;
/** θ, m and v. */
const VECTORS_A_ROW = 3;
/** Sites that wait for a thread, a thread: more would only take memory. */
const WAITING_A_THREAD = 4;

export interface AnalyseOptions {
  readonly threads: number;
  readonly replayWorkerUrl: URL;
  readonly workerUrl: URL;
  /** At most so many spikes are looked at. */
  readonly spikes: number;
  /** Told of the groups before they begin; returns what is told of network-epochs as they are replayed. */
  readonly begin?: (groups: readonly ReplayGroup[]) => ReplayOptions['progress'];
}

/** What was looked at, and what was found. */
export interface SpikeFindings extends AnalysisOutcome {
  /** Networks that have spikes; those of them that analysis is for; those that were looked at. */
  readonly spikingNetworks: number;
  readonly suitableNetworks: number;
  readonly analysedNetworks: number;
  readonly spikesAnalysed: number;
  /** Epochs at which the first spikes of networks begin, by network; without those that have none. */
  readonly firstSpikes: ReadonlyMap<number, number>;
}

/** What is to be looked at in one network. */
interface NetworkSites {
  readonly network: LayeredNetwork;
  readonly sites: readonly AnalysisSite[];
}

/**
 * The findings around the spikes of a run, of the networks that are done.
 *
 * @throws RunError where a table of the run cannot be read, a replayed network is not what the run has kept, or a
 *   thread is lost.
 */
export async function analyseSpikes(run: RunRecord, options: AnalyseOptions): Promise<SpikeFindings> {
  await prepareCompression(run.manifest.sweep.trace.compression);
  const trace = new TraceReader(run);
  const done = run.networks.filter(({ id }) => run.results.isDone(id));
  const spiking = done.map((network) => ({ network, spikes: trace.spikes(network.id) }));
  const withSpikes = spiking.filter(({ spikes }) => spikes.some(({ kind }) => kind === 'spike'));
  const suitable = withSpikes.flatMap(({ network, spikes }) => (isSuitable(network) ? [{ network, spikes }] : []));
  const chosen = choose(suitable, { epochs: run.manifest.sweep.epochs, spikes: options.spikes });
  const rows = await new Analysis(run, chosen, options).run();
  const count = chosen.flatMap(({ sites }) => sites).filter(({ kind }) => kind === 'spike').length;
  return {
    spikingNetworks: withSpikes.length,
    suitableNetworks: suitable.length,
    analysedNetworks: chosen.length,
    spikesAnalysed: count,
    firstSpikes: new Map(
      withSpikes.flatMap(({ network, spikes }) => {
        const first = spikes.find(({ kind }) => kind === 'spike');
        return first === undefined ? [] : [[network.id, first.onset] as const];
      }),
    ),
    ...rows,
  };
}

/** Thresholds and metric are those of full-batch Adam; an objective has no network to linearise. */
function isSuitable(network: Network): network is LayeredNetwork {
  return network.objective === undefined && network.batch === 'full' && isPreconditioned(network.optimizer);
}

/**
 * At most `spikes` spikes: as many networks as there are, or evenly spread ones, and of each as many spikes as remain,
 * evenly spread.
 */
function choose(
  suitable: readonly { network: LayeredNetwork; spikes: readonly TracedSpike[] }[],
  limits: { epochs: number; spikes: number },
): NetworkSites[] {
  const { epochs } = limits;
  const usable = suitable.flatMap(({ network, spikes }) => {
    const indices = spikes.flatMap((spike, i) => (isUsable(spike, epochs) ? [i] : []));
    return indices.length === 0 ? [] : [{ network, spikes, indices }];
  });
  const networks = evenlySpread(usable.length, limits.spikes).map((i) => usable[i]);
  const each = Math.min(SPIKES_A_NETWORK_MAX, Math.floor(limits.spikes / networks.length));
  return networks.map(({ network, spikes, indices }) => {
    const chosen = evenlySpread(indices.length, each).map((i) => indices[i]);
    const rowBytes = VECTORS_A_ROW * parametersOf(network) * BYTES_OF[network.precision];
    const onsets: SpikeEpochs[] = spikes.filter(({ kind }) => kind === 'spike');
    return {
      network,
      sites: [
        ...spikeSites(spikes, chosen, { epochs, rowsMax: Math.floor(SITE_BYTES_MAX / rowBytes) }),
        ...randomSites(onsets, chosen, { epochs, seed: network.id }),
      ],
    };
  });
}

/** Whether there is a relaxation to look at, and a state before the onset. */
const isUsable = (spike: TracedSpike, epochs: number): boolean =>
  spike.kind === 'spike' && spike.onset > 2 && relaxationEnd(spike) <= epochs;

/** The replay of the chosen sites, and their way through the threads. */
class Analysis {
  readonly #run: RunRecord;
  readonly #options: AnalyseOptions;
  readonly #networks: readonly NetworkSites[];
  readonly #comparisons = new Comparisons();
  /** Sites that are not yet replayed to their end, by network. */
  readonly #open: Map<number, OpenSite[]>;
  /** By network, `[site]`. */
  readonly #outcomes: ReadonlyMap<number, AnalysisOutcome[]>;
  readonly #waiting = new Set<Promise<void>>();
  #failure: unknown = null;

  constructor(run: RunRecord, chosen: readonly NetworkSites[], options: AnalyseOptions) {
    this.#run = run;
    this.#options = options;
    this.#networks = chosen;
    this.#open = new Map(
      chosen.map(({ network, sites }) => [network.id, sites.map((site, i) => new OpenSite(network, site, i))]),
    );
    this.#outcomes = new Map(chosen.map(({ network }) => [network.id, []]));
  }

  async run(): Promise<AnalysisOutcome> {
    const networks = this.#networks;
    const groups = planReplay(
      this.#run,
      networks.map(({ network, sites }) => ({ network, windows: sites })),
    );
    const { threads, replayWorkerUrl, workerUrl, begin } = this.#options;
    const progress = begin?.(groups);
    const pool = new AnalysisPool({ workerUrl, threads: networks.length === 0 ? 0 : threads });
    try {
      await replayGroups(this.#run, groups, {
        threads,
        workerUrl: replayWorkerUrl,
        buckets: 'none',
        ...(progress !== undefined && { progress }),
        take: (range) => this.#take(range, pool),
      });
      await Promise.all(this.#waiting);
      if (this.#failure !== null) throw this.#failure;
      const open = [...this.#open.values()].flat();
      if (open.length > 0) throw new Error(`network ${open[0].network.id} was not replayed as asked for`);
    } finally {
      await pool.close();
    }
    const outcomes = [...this.#outcomes.values()].flat();
    return {
      spirals: outcomes.flatMap(({ spirals }) => spirals),
      relaxation: outcomes.flatMap(({ relaxation }) => relaxation),
      curvature: outcomes.flatMap(({ curvature }) => curvature),
    };
  }

  async #take(range: ReplayedRange, pool: AnalysisPool): Promise<void> {
    this.#comparisons.take(range.comparisons);
    this.#comparisons.refuseMismatch(this.#run.folder);
    // The longest first: a site that goes on beyond the end of another must not take the other's shorter piece.
    for (const piece of [...range.windows].sort((a, b) => b.last - a.last)) {
      const open = this.#open.get(piece.network) ?? [];
      for (const site of open) if (site.takes(piece)) site.add(piece);
      this.#open.set(
        piece.network,
        open.filter(({ isWhole }) => !isWhole),
      );
      for (const site of open.filter(({ isWhole }) => isWhole)) {
        while (this.#waiting.size >= WAITING_A_THREAD * this.#options.threads) await Promise.race(this.#waiting);
        if (this.#failure !== null) throw this.#failure;
        this.#analyse(site, pool);
      }
    }
  }

  #analyse(open: OpenSite, pool: AnalysisPool): void {
    const { network, site, index } = open;
    const outcomes = this.#outcomes.get(network.id) ?? [];
    const request: AnalysisRequest = {
      network,
      site,
      window: open.window(),
      datasets: fileDatasets([{ networks: [network] }]),
    };
    const task = pool.run(request).then(
      (outcome) => {
        outcomes[index] = outcome;
      },
      (error: unknown) => {
        const what = { work: `analysed network ${network.id}`, less: 'spikes' };
        this.#failure ??= lostThread(this.#run.folder, what, error);
      },
    );
    const settled = task.finally(() => this.#waiting.delete(settled));
    this.#waiting.add(settled);
  }
}

/** A site whose epochs come in pieces, where ranges of a group end within it. */
class OpenSite {
  readonly network: LayeredNetwork;
  readonly site: AnalysisSite;
  /** Among the sites of its network. */
  readonly index: number;
  readonly #pieces: StateWindow[] = [];

  constructor(network: LayeredNetwork, site: AnalysisSite, index: number) {
    this.network = network;
    this.site = site;
    this.index = index;
  }

  get #next(): number {
    return (this.#pieces.at(-1)?.last ?? this.site.first - 1) + 1;
  }

  get isWhole(): boolean {
    return this.#next > this.site.last;
  }

  /**
   * Whether a piece goes on where the pieces so far end. Sites of one network may overlap, and then any of them may
   * take it.
   */
  takes({ first, last }: StateWindow): boolean {
    return first === this.#next && last <= this.site.last;
  }

  add(piece: StateWindow): void {
    this.#pieces.push(piece);
  }

  window(): AnalysedWindow {
    const { first, last } = this.site;
    return {
      first,
      last,
      loss: joined(this.#pieces.map(({ loss }) => loss)),
      theta: joined(this.#pieces.map(({ theta }) => theta)),
      firstMoment: joined(this.#pieces.map(({ firstMoment }) => firstMoment)),
      secondMoment: joined(this.#pieces.map(({ secondMoment }) => secondMoment)),
    };
  }
}

/** Arrays one after another; a single one is taken as it is. */
function joined<T extends Float32Array | Float64Array>(arrays: readonly T[]): T {
  if (arrays.length === 1) return arrays[0];
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const whole = arrays[0] instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole as T;
}
