/** What would be published of some rooms and of all rooms that they need, as tarballs, and a project that has them installed. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
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

export interface Project {
  readonly directory: string
  readonly tarballs: readonly Tarball[]
  /** What else it depends on: a version or the place by each name. */
  readonly others: Readonly<Record<string, string>>
  /** Said to `npm install`, beside what keeps it from running scripts and from asking for more than packages. */
  readonly words: readonly string[]
  readonly timeoutMs: number
}

/**
 * Makes an empty project of ES modules and installs its dependencies.
 * @throws Error with the last that npm said
 */
export async function installProject(project: Project): Promise<void> {
  const { directory, tarballs, others, timeoutMs } = project
  const ours = tarballs.map(({ manifest: { name }, path }) => [name, `file:${path}`])
  const dependencies = { ...Object.fromEntries(ours), ...others } as Record<string, string>
  const manifest = { name: 'empty', private: true, type: 'module', dependencies }
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest))
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...project.words]
  try {
    await promisify(execFile)('npm', words, { cwd: directory, timeout: timeoutMs })
  } catch (error) {
    const { killed, stderr = '' } = error as { readonly killed?: boolean; readonly stderr?: string }
    const end = killed === true ? `did not end within ${timeoutMs} ms` : 'failed'
    const said = stderr.trim().split('\n').slice(-15).join('\n')
    throw new Error(`npm ${words.join(' ')} ${end}:\n${said}`, { cause: error })
  }
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
