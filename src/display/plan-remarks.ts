/** Remarks on a plan in words: a line per data set, few lines in all, and the remedy once. */
import type { DataConfig } from '../../schemas/network.ts';
import type { VarianceRemark } from '../plan/remarks.ts';
import { count, magnitude } from './format.ts';

/** Data sets with a line of their own. */
const SHOWN_MAX = 5;

/** Lines about the variance of targets; none where there is nothing to remark. `fileOf` names the file of a hash. */
export function remarkLines(
  { remarks, unjudgedDataSets }: { remarks: readonly VarianceRemark[]; unjudgedDataSets: number },
  fileOf: (hash: string) => string,
): string[] {
  const lines = remarks.slice(0, SHOWN_MAX).map(({ data, variance, learningRates, networks }) => {
    const head = `remark: data ${dataTitle(data, fileOf)}`;
    if (learningRates === null) return `${head}: the targets do not vary, so labels use the first loss for V`;
    const rates = [...new Set(learningRates)].join(' … ');
    const reason = `variance of targets ${magnitude(variance)}; one step of lr ${rates} may exceed it`;
    return `${head}: ${reason} (${networks === 1 ? '1 network' : `${count(networks)} networks`})`;
  });
  const more = remarks.length - lines.length;
  if (more > 0) lines.push(`… and ${count(more)} more data sets`);
  if (remarks.some(({ learningRates }) => learningRates !== null))
    lines.push('choose data that vary more (another seed of the teacher, larger y), or smaller learning rates');
  if (unjudgedDataSets > 0)
    lines.push(`the targets of ${count(unjudgedDataSets)} more data sets were not looked at: they are too many`);
  return lines;
}

function dataTitle(data: DataConfig, fileOf: (hash: string) => string): string {
  if (data.kind === 'file') return fileOf(data.hash);
  const seed = data.seed === undefined ? '' : `, seed ${data.seed}`;
  return `${data.kind} (${data.points} points${seed})`;
}
