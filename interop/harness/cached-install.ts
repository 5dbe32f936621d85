/**
 * Packages of npm that a test needs and that are no dependencies of this workspace: installed once for a clone, below
 * node_modules/.cache, when a test needs them first.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './repository.ts'

export interface CachedInstall {
  /** Of the folder: it has all in it that the result depends on. */
  readonly name: string
  /** As `name@version`. */
  readonly packages: readonly string[]
  /** Said to `npm install` beside them. */
  readonly words: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
  /** What has to be there, for the message when it is not. */
  readonly wants: string
}

/** npm tries for minutes to reach a registry that cannot be reached; with these words it is some seconds. */
export const impatient: readonly string[] = [
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=1000',
  '--fetch-timeout=30000',
]

const timeoutMs = 240_000

/** @returns the folder `node_modules` that has them. @throws Error with what npm said, when they can't be installed */
export function installOnce(install: CachedInstall): string {
  const cache = join(repositoryRoot, 'node_modules', '.cache')
  const directory = join(cache, install.name)
  const modules = join(directory, 'node_modules')
  if (existsSync(directory)) return modules
  mkdirSync(cache, { recursive: true })
  const unfinished = mkdtempSync(`${directory}-`)
  try {
    writeFileSync(join(unfinished, 'package.json'), '{ "private": true }\n')
    installIn(unfinished, install)
    renameSync(unfinished, directory)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw error
  }
  return modules
}

function installIn(
  directory: string,
  { packages, words, environment, wants }: CachedInstall,
): void {
  const { status, stdout, stderr, error } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', ...words, ...packages],
    { cwd: directory, env: environment ?? process.env, encoding: 'utf8', timeout: timeoutMs },
  )
  if (status === 0) return
  const said = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-15).join('\n')
  throw new Error(`npm can't install ${packages.join(' and ')} (it wants ${wants}):\n${said}`, {
    cause: error,
  })
}
