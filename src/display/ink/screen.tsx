/**
 * The live screen as a function of the view: how far, how fast, how many diverged, what each thread trains. Inline: it takes a
 * dozen lines below the prompt and never more than the terminal has.
 */
import { Box, Text } from 'ink';
import type { ReactElement } from 'react';
import type { ProgressNotice } from '../../../schemas/notices.ts';
import { bytes, clock, count, duration, percent, scaled } from '../format.ts';
import { shownLabels, type View } from '../model.ts';

/** The one accent; red is for divergence alone. */
const ACCENT = 'cyan';

/** Lines stay this short, so that making a window narrower down to 80 columns wraps none and leaves no ghosts behind. */
const WIDTH_MAX = 78;

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
  // Header, bar and rates come first; labels, then threads, only as far as the terminal has rows for them.
  const labelRows = Math.max(0, Math.min(labels.length, rows - 9));
  const threadRows = Math.max(0, Math.min(progress.threads.length, rows - labels.length - 11));
  const width = Math.min(columns - 1, WIDTH_MAX);
  return (
    <Box flexDirection="column" width={width} paddingLeft={1}>
      <Header view={view} colour={colour} />
      <Bar share={progress.share} width={width - 1} colour={colour} text={barText(view)} />
      <Text wrap="truncate">{timesText(view)}</Text>
      <Text dimColor={colour} wrap="truncate">
        {resourcesText(progress)}
      </Text>
      {labelRows > 0 && <Text> </Text>}
      {labels.slice(0, labelRows).map(([name, networks]) => {
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
      <Text> </Text>
      {view.trouble !== null && <Text wrap="truncate">{view.trouble}</Text>}
      <Text dimColor={colour} wrap="truncate">
        {view.state === 'stopping' ? 'stopping: what is committed is kept' : 'Ctrl-C stops; the same command continues'}
      </Text>
    </Box>
  );
}

function Header({ view, colour }: { view: View; colour: boolean }): ReactElement | null {
  const { run } = view;
  if (run === null) return null;
  return (
    <Text wrap="truncate">
      <Text bold {...(colour ? { color: ACCENT } : {})}>
        gyre
      </Text>
      {`  ${run.name} · ${count(run.networks)} networks × ${count(run.epochs)} epochs`}
    </Text>
  );
}

/** A bar in eighths of a cell with text at its right. */
function Bar({
  share,
  width,
  colour,
  text,
}: {
  share: number;
  width: number;
  colour: boolean;
  text: string;
}): ReactElement {
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

function timesText({ progress, epochsPerSecond, remainingMs, state }: View): string {
  if (progress === null) return '';
  const left = state !== 'running' ? state : remainingMs === null ? 'starting' : `about ${duration(remainingMs)} left`;
  const rate = epochsPerSecond === null ? '–' : scaled(epochsPerSecond);
  return [`${clock(progress.elapsedMs)} elapsed`, left, `${rate} network-epochs/s`].join('   ');
}

function resourcesText({ threads, residentBytes, writtenBytes }: ProgressNotice): string {
  const busy = threads.filter((trains) => trains !== null).length;
  return [`threads ${busy}/${threads.length}`, `${bytes(residentBytes)} memory`, `${bytes(writtenBytes)} written`].join(
    '   ',
  );
}
