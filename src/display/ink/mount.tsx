/**
 * Mounts the live screen on a terminal and takes it off again. With the screen beside it, the only place that knows Ink and
 * React; imported only when there is a terminal to draw on.
 */
import { render } from 'ink';
import type { Notice } from '../../../schemas/notices.ts';
import { EMPTY_VIEW, reduce } from '../model.ts';
import { Screen } from './screen.tsx';

export interface InkDisplay {
  readonly notify: (notice: Notice) => void;
  /** Takes the screen off; what was on the terminal before stands above the cursor. */
  readonly close: () => void;
}

/**
 * Draws on `stdout`. Drawing follows the progress notices, four a second at most. No key is read, so that the terminal stays
 * in its usual mode and Ctrl-C arrives as a signal.
 */
export function inkDisplay(stdout: NodeJS.WriteStream): InkDisplay {
  let view = EMPTY_VIEW;
  const colour = process.env.NO_COLOR === undefined || process.env.NO_COLOR === '';
  const screen = () => <Screen view={view} columns={stdout.columns ?? 80} rows={stdout.rows ?? 24} colour={colour} />;
  // Not incrementalRendering: inline, it leaves lines of earlier frames behind (seen with Ink 6.8).
  const app = render(screen(), { stdout, exitOnCtrlC: false, patchConsole: false, maxFps: 30 });
  return {
    notify(notice) {
      view = reduce(view, notice);
      if (notice.kind !== 'committed') app.rerender(screen());
    },
    close() {
      // Unmounting draws the last frame once more, so the last frame is made empty.
      app.rerender(null);
      app.unmount();
    },
  };
}
