/** Where Gyre is installed, which version of it, and where its threads find their work. */
import { existsSync, readFileSync } from 'node:fs';

/** The folder of package.json, above the sources and the build, which stand at different depths. */
function packageFolder(from: URL): URL {
  const folder = new URL('./', from);
  if (existsSync(new URL('package.json', folder))) return folder;
  const above = new URL('../', folder);
  if (above.href === folder.href) throw new Error('package.json of gyre not found');
  return packageFolder(above);
}

const FOLDER = packageFolder(new URL(import.meta.url));

/** As package.json has it. */
export const GYRE_VERSION: string = JSON.parse(readFileSync(new URL('package.json', FOLDER), 'utf8')).version;

/** The built entry of the threads that train, replay or analyse. */
export const WORKER_URLS = {
  train: new URL('dist/workers/train.js', FOLDER),
  replay: new URL('dist/workers/replay.js', FOLDER),
  analyse: new URL('dist/workers/analyse.js', FOLDER),
};
