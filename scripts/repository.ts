/** The repository as the scripts see it: where it stands, its rooms and their source files. Paths are relative to its root. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const rootDirectory: string = dirname(dirname(fileURLToPath(import.meta.url)))

/** Names of the rooms (`packages/…`), in alphabetical order. */
export function roomNames(): readonly string[] {
  return readdirSync(join(rootDirectory, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && exists(`packages/${entry.name}/package.json`))
    .map((entry) => entry.name)
    .toSorted()
}

/** Files below `directory` whose name ends with `suffix`, sorted; none when there is no such directory. */
export function filesBelow(directory: string, suffix: string): readonly string[] {
  const absolute = join(rootDirectory, directory)
  if (!existsSync(absolute)) return []
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => relative(rootDirectory, join(entry.parentPath, entry.name)))
    .map((path) => path.split(sep).join('/'))
    .filter((path) => !/\/(node_modules|dist)\//.test(path))
    .toSorted()
}

/** The TypeScript sources of all rooms, without tests. */
export function sourceFiles(): readonly string[] {
  return roomNames().flatMap((room) => filesBelow(`packages/${room}/src`, '.ts'))
}

export function exists(path: string): boolean {
  return existsSync(join(rootDirectory, path))
}

export function readText(path: string): string {
  return readFileSync(join(rootDirectory, path), 'utf8')
}
