/** Counts of labels for records of journals. */
import { LABEL_PAIRS, labelCounts, labelNumber } from '../../schemas/labels.ts';

/** Of a run in which nothing has begun. */
export const NO_LABELS = labelCounts(new Uint32Array(LABEL_PAIRS));

const spiking = labelNumber({ outcome: 'learned', motion: 'spiking' });

/** Of a run in which one network spikes. */
export const SOME_LABELS = labelCounts(new Uint32Array(LABEL_PAIRS).map((_, number) => Number(number === spiking)));
