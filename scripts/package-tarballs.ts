/** What would be published of some rooms and of all rooms that they need, as tarballs. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readText, rootDirectory, roomNames } from './repository.ts'

/** What a package says of itself, as far as anybody here asks. */
export interface Manifest {
  readonly name: string
  readonly description?: string
  readonly license?: string
  readonly engines?: { readonly node?: string }
  readonly publishConfig?: { readonly access?: string }
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
}

export interface Tarball {
  readonly room: string
  readonly manifest: Manifest
  readonly path: string
  /** What is in it. */
  readonly files: readonly string[]
}

/** What npm says of a package that it packed. */
interface PackReport {
  readonly name: string
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** @param directory where the tarballs are put */
export async function packTarballs(
  rooms: readonly string[],
  directory: string,
): Promise<readonly Tarball[]> {
  const manifestByRoom = withNeededRooms(rooms)
  const folders = [...manifestByRoom.keys()].map((room) => `./packages/${room}`)
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory, ...folders]
  const { stdout } = await promisify(execFile)('npm', args, { cwd: rootDirectory })
  const reports = Object.values(JSON.parse(stdout) as Readonly<Record<string, PackReport>>)
  return [...manifestByRoom].map(([room, manifest]) => {
    const { filename, files } = reports.find(({ name }) => name === manifest.name)!
    return { room, manifest, path: join(directory, filename), files: files.map(({ path }) => path) }
  })
}

function withNeededRooms(rooms: readonly string[]): ReadonlyMap<string, Manifest> {
  const all = roomNames().map((room) => ({ room, manifest: manifestOf(room) }))
  const manifestByRoom = new Map<string, Manifest>()
  const waiting = [...rooms]
  for (const room of waiting) {
    if (manifestByRoom.has(room)) continue
    const manifest = manifestOf(room)
    manifestByRoom.set(room, manifest)
    const needed = all.filter(({ manifest: { name } }) => name in (manifest.dependencies ?? {}))
    waiting.push(...needed.map((each) => each.room))
  }
  return manifestByRoom
}

function manifestOf(room: string): Manifest {
  return JSON.parse(readText(`packages/${room}/package.json`)) as Manifest
}
