/**
 * `gyre reproduce`: claims about adaptive-momentum optimisers, checked here and now: what is expected beside what is
 * measured.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkClaims } from '../claims/check-claims.ts';
import { CLAIM_NAMES, CLAIMS, type ClaimName, type ClaimRow } from '../claims/claim.ts';
import { columns, count, magnitude } from '../display/format.ts';
import { WORKER_URLS } from '../run/package.ts';
import { printJson, printLine } from './output.ts';
import { leaveOnSignals } from './stop-signals.ts';

export interface ReproduceOptions {
  readonly threads: number;
  readonly json: boolean;
}

/** Checks a claim, or all. Returns the exit code: 1 where a row fails. */
export async function reproduceCommand(
  name: ClaimName | undefined,
  { threads, json }: ReproduceOptions,
): Promise<number> {
  const chosen = name === undefined ? CLAIM_NAMES : [name];
  const scratch = mkdtempSync(join(tmpdir(), 'gyre-claims-'));
  const tidyUp = () => rmSync(scratch, { recursive: true, force: true });
  const keepSignals = leaveOnSignals(tidyUp);
  const rows: ClaimRow[] = [];
  try {
    const claims = checkClaims(chosen, {
      folder: join(scratch, 'run'),
      threads,
      trainWorkerUrl: WORKER_URLS.train,
      replayWorkerUrl: WORKER_URLS.replay,
      analyseWorkerUrl: WORKER_URLS.analyse,
    });
    for await (const row of claims) {
      rows.push(row);
      if (json) printJson(row);
    }
  } finally {
    keepSignals();
    tidyUp();
  }
  const failed = rows.filter(({ passed }) => !passed).length;
  if (!json) {
    for (const line of chosen.flatMap((claim) => claimLines(claim, rows))) printLine(line);
    for (const line of summaryLines(rows, failed)) printLine(line);
  }
  return failed === 0 ? 0 : 1;
}

function summaryLines(rows: readonly ClaimRow[], failed: number): string[] {
  const constancy = rows.filter(({ basis }) => basis === 'constancy').length;
  const verdict =
    failed === 0 ? `all ${count(rows.length)} rows pass` : `${count(failed)} of ${count(rows.length)} rows FAIL`;
  if (constancy === 0) return [verdict];
  return [
    `constancy: ${count(constancy)} rows expect an earlier number of our own, and show only that none has changed`,
    verdict,
  ];
}

/** Whole numbers, such as steps, in all their digits; digests as they are. */
const cell = (value: number | string): string => {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? String(value) : magnitude(value);
};

/** The range of a number; a digest has none. */
const range = ({ low, high }: ClaimRow): string =>
  low === null || high === null ? 'the same' : `${cell(low)} … ${cell(high)}`;

function claimLines(claim: ClaimName, rows: readonly ClaimRow[]): string[] {
  const { statement, source } = CLAIMS[claim];
  const own = rows.filter((row) => row.claim === claim);
  const cells = own.map((row) => [
    `  ${row.setting}`,
    row.basis,
    cell(row.expected),
    cell(row.measured),
    range(row),
    row.passed ? 'yes' : 'NO',
    row.seconds.toFixed(1),
  ]);
  const heads = ['  setting', 'basis', 'expected', 'measured', 'passes within', 'passed', 'seconds'];
  return [
    `${claim}: ${statement}`,
    `  ${source}`,
    ...columns([heads, ...cells], ['left', 'left', 'right', 'right', 'right', 'left', 'right']),
    '',
  ];
}
