/** Numbers as people read them: one way for each kind, used by every display. */
import { printable } from './printable.ts';

/** `1,234,567`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Three significant digits with a unit prefix: `5.91 M`, `512 k`, `37`. */
export function scaled(value: number): string {
  const prefixes = [
    { factor: 1e9, prefix: ' G' },
    { factor: 1e6, prefix: ' M' },
    { factor: 1e3, prefix: ' k' },
  ];
  const { factor, prefix } = prefixes.find((candidate) => value >= candidate.factor * 0.9995) ?? {
    factor: 1,
    prefix: ' ',
  };
  if (factor === 1 && Number.isInteger(value)) return String(value);
  const mantissa = value / factor;
  return `${mantissa >= 99.95 ? mantissa.toFixed(0) : mantissa.toPrecision(3)}${prefix}`.trimEnd();
}

/** `7.3 %`, and `–` where there is nothing to take a share of. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

/** `00:42:10`. */
export function clock(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** A duration in its two largest units: `2 h 05 min`, `3 min 20 s`, `12 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `1.4 GB`, `212 MB`; decimal units, as disks are sold. */
export function bytes(value: number): string {
  return `${scaled(value)}${value >= 999.5 ? '' : ' '}B`;
}

/** A measured number, short: `0.0123`, `1234`, `1.23e-8`. Rounds, so hyper-parameters are not for it. */
export function magnitude(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e4) return String(Number(value.toPrecision(4)));
  return value
    .toExponential(Number(value.toPrecision(3)).toExponential().split('e')[0].length > 1 ? 2 : 0)
    .replace('e+', 'e');
}

/** Rows of cells in columns; numbers to the right, text to the left. */
export function columns(rows: readonly (readonly string[])[], align: readonly ('left' | 'right')[]): string[] {
  const shown = rows.map((row) => row.map(printable)); // before it is measured
  const widths = align.map((_, column) => shown.reduce((width, row) => Math.max(width, (row[column] ?? '').length), 0));
  return shown.map((row) =>
    row
      .map((cell, column) => (align[column] === 'right' ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd(),
  );
}
