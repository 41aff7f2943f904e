/** The version of Gyre, as package.json has it. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The sources and the build stand at different depths below package.json. */
function readVersion(folder: string): string {
  try {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
    if (name === 'gyre') return version;
  } catch {
    // No package.json here: look in the folder above.
  }
  const above = dirname(folder);
  if (above === folder) throw new Error('package.json of gyre not found');
  return readVersion(above);
}

export const GYRE_VERSION = readVersion(dirname(fileURLToPath(import.meta.url)));
