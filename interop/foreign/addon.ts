/**
 * The npm package `zookeeper`, an addon for Node around Apache's C client. It is compiled where it is installed, so it is no
 * dependency of this workspace: it is installed once for a clone and a Node, below node_modules/.cache, when a test needs it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { repositoryRoot } from '../harness/repository.ts'

const version = '7.3.0'

/** @returns the folder of the package. @throws Error with what npm said, when it can't be installed */
export function installAddon(): string {
  const cache = join(repositoryRoot, 'node_modules', '.cache')
  const directory = join(cache, `interop-zookeeper-${version}-abi${process.versions.modules}`)
  const addon = join(directory, 'node_modules', 'zookeeper')
  if (existsSync(directory)) return addon
  mkdirSync(cache, { recursive: true })
  const unfinished = mkdtempSync(`${directory}-`)
  try {
    writeFileSync(join(unfinished, 'package.json'), '{ "private": true }\n')
    install(unfinished)
    renameSync(unfinished, directory)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw error
  }
  return addon
}

function install(directory: string): void {
  const nodeRoot = dirname(dirname(process.execPath))
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  }
  // It has to be compiled for the Node that runs it, with the headers that came along with that.
  if (existsSync(join(nodeRoot, 'include', 'node'))) environment['npm_config_nodedir'] = nodeRoot
  const words = ['install', '--no-audit', '--no-fund', `zookeeper@${version}`]
  const { status, stdout, stderr, error } = spawnSync('npm', words, {
    cwd: directory,
    env: environment,
    encoding: 'utf8',
  })
  if (status === 0) return
  const said = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-15).join('\n')
  throw new Error(
    `the addon zookeeper@${version} can't be installed (it wants npm's registry, g++ and make):\n${said}`,
    { cause: error },
  )
}
