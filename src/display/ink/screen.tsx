/**
 * The live screen as a function of the view: how far, how fast, how many diverged, what each thread trains. Inline: it takes
 * ten lines or so below the prompt and never more than the terminal has.
 */
import { Box, Text } from 'ink';
import type { ReactElement } from 'react';
import { bytes, clock, count, duration, percent, scaled } from '../format.ts';
import { divergenceCount, shownLabels, type View } from '../model.ts';

/** The one accent; red is for divergence alone. */
const ACCENT = 'cyan';

export interface ScreenProps {
  readonly view: View;
  readonly columns: number;
  readonly rows: number;
  /** False under NO_COLOR. */
  readonly colour: boolean;
}

/** The screen of a run. */
export function Screen({ view, columns, rows, colour }: ScreenProps): ReactElement {
  const { run, progress } = view;
  if (run === null || progress === null) return <Text dimColor={colour}> gyre planning…</Text>;
  const labels = shownLabels(progress.labels);
  // Header, bar, rates and labels come first; threads only as far as the terminal has rows for them.
  const threadRows = Math.max(0, Math.min(progress.threads.length, rows - labels.length - 9));
  return (
    <Box flexDirection="column" width={columns} paddingLeft={1} paddingRight={1}>
      <Header view={view} colour={colour} />
      <Bar share={progress.share} width={columns - 2} colour={colour} text={barText(view)} />
      <Text dimColor={colour} wrap="truncate">
        {ratesText(view)}
      </Text>
      <Text> </Text>
      {labels.map(([name, networks]) => {
        const isDivergence = name === 'diverged' || name === 'non-finite';
        return (
          <Text key={name} wrap="truncate" {...(colour && isDivergence && networks > 0 ? { color: 'red' } : {})}>
            {name.padEnd(12)}
            {count(networks).padStart(9)}
            {percent(networks, run.networks).padStart(9)}
          </Text>
        );
      })}
      {threadRows > 0 && <Text> </Text>}
      {progress.threads.slice(0, threadRows).map((trains, thread) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a thread is its index.
        <Text key={thread} dimColor={colour} wrap="truncate">
          {`thread ${thread + 1}  ${trains ?? 'idle'}`}
        </Text>
      ))}
      {view.trouble !== null && <Text wrap="truncate">{view.trouble}</Text>}
    </Box>
  );
}

function Header({ view, colour }: { view: View; colour: boolean }): ReactElement | null {
  const { run, progress, remainingMs, state } = view;
  if (run === null || progress === null) return null;
  const left = state === 'running' && remainingMs !== null ? `   about ${duration(remainingMs)} left` : '';
  return (
    <Box justifyContent="space-between">
      <Text wrap="truncate">
        <Text bold {...(colour ? { color: ACCENT } : {})}>
          gyre
        </Text>
        {`  ${run.name} · ${count(run.networks)} networks × ${count(run.epochs)} epochs`}
      </Text>
      <Text dimColor={colour}>{`${clock(progress.elapsedMs)}${left}`}</Text>
    </Box>
  );
}

/** A bar in eighths of a cell with text at its right. */
function Bar({ share, width, colour, text }: { share: number; width: number; colour: boolean; text: string }): ReactElement {
  const cells = Math.max(8, width - text.length - 2);
  const eighths = Math.round(Math.min(1, share) * cells * 8);
  const full = '█'.repeat(Math.floor(eighths / 8));
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8];
  const rest = '░'.repeat(Math.max(0, cells - full.length - part.length));
  return (
    <Text wrap="truncate">
      <Text {...(colour ? { color: ACCENT } : {})}>{full + part}</Text>
      <Text dimColor={colour}>{rest}</Text>
      {`  ${text}`}
    </Text>
  );
}

function barText({ run, progress }: View): string {
  if (run === null || progress === null) return '';
  const total = count(run.networks);
  return `${count(progress.networksDone).padStart(total.length)}/${total} done ${percent(progress.share, 1).padStart(7)}`;
}

function ratesText({ progress, epochsPerSecond, state }: View): string {
  if (progress === null) return '';
  const busy = progress.threads.filter((trains) => trains !== null).length;
  return [
    `${epochsPerSecond === null ? '–' : scaled(epochsPerSecond)} network-epochs/s`,
    `diverged ${count(divergenceCount(progress.labels))}`,
    `threads ${busy}/${progress.threads.length}`,
    `${bytes(progress.residentBytes)} memory`,
    `${bytes(progress.writtenBytes)} written`,
    state === 'stopping' ? 'stopping: run the same command again to continue' : 'Ctrl-C stops, resumable',
  ].join('   ');
}
