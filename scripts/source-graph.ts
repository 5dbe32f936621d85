/** Which source files of a room are reached from outside: by its public faces, its command, or a worker's URL. */
import { posix } from 'node:path'
import { exists, filesBelow, readText } from './repository.ts'

/** A quoted relative path to a TypeScript file: an import, an export, or the URL of a worker. */
const reference = /['"`](\.{1,2}\/[^'"`\s]+\.ts)['"`]/g

/** Source files of `room` that nothing outside the room and none of its entries leads to. */
export function unreachedFiles(room: string): readonly string[] {
  const source = `packages/${room}/src`
  const entries = [`${source}/index.ts`, `${source}/node/index.ts`, `${source}/main.ts`]
  const reached = new Set<string>()
  const open = entries.filter((entry) => exists(entry))
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue
    reached.add(file)
    open.push(...referencedFiles(file, readText(file)).filter((other) => exists(other)))
  }
  return filesBelow(source, '.ts').filter((file) => !reached.has(file))
}

/** The files that `text`, the content of `file`, names. */
export function referencedFiles(file: string, text: string): readonly string[] {
  return [...text.matchAll(reference)].map(([, path]) => posix.join(posix.dirname(file), path!))
}
