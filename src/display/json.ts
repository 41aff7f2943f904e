/** The display for programs: every notice as one line of JSON. */
import type { Notice } from '../../schemas/notices.ts';

/** A display that writes each notice through `write`, without a line end. */
export function jsonDisplay(write: (line: string) => void): (notice: Notice) => void {
  return (notice) => write(JSON.stringify(notice));
}
