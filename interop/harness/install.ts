/**
 * Sees to the foreign programs that the tests run against: Debian packages, installed with apt-get when they are
 * missing and this process may do so.
 *
 *     node --conditions=source interop/harness/install.ts
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

interface ForeignPackage {
  readonly name: string
  /** A file that is there when the package is. */
  readonly file: string
  readonly purpose: string
}

const foreignPackages: readonly ForeignPackage[] = [
  { name: 'default-jre-headless', file: '/usr/bin/java', purpose: 'runs Apache ZooKeeper' },
  {
    name: 'zookeeper',
    file: '/usr/share/java/zookeeper.jar',
    purpose: 'the reference server and zkCli',
  },
  {
    name: 'libslf4j-java',
    file: '/usr/share/java/slf4j-simple.jar',
    purpose: "the reference server's log",
  },
  {
    name: 'zookeeper-bin',
    file: '/usr/lib/zookeeper/bin/cli_mt',
    purpose: "the C client's command line",
  },
  {
    name: 'libzookeeper-mt-dev',
    file: '/usr/include/zookeeper/zookeeper.h',
    purpose: 'the C client library',
  },
  {
    name: 'python3-kazoo',
    file: '/usr/lib/python3/dist-packages/kazoo/client.py',
    purpose: 'the Python client',
  },
  { name: 'netcat-openbsd', file: '/bin/nc.openbsd', purpose: 'the commands of the guides' },
  {
    name: 'strace',
    file: '/usr/bin/strace',
    purpose: 'the order of system calls under crash tests',
  },
]

/** What only the tests of the recipes need. */
const curatorPackages: readonly ForeignPackage[] = [
  {
    name: 'libcurator-recipes-java',
    file: '/usr/share/java/curator-recipes.jar',
    purpose: "Apache Curator's recipes",
  },
  {
    name: 'libcurator-discovery-java',
    file: '/usr/share/java/curator-x-discovery.jar',
    purpose: "Apache Curator's service discovery",
  },
  {
    name: 'default-jdk-headless',
    file: '/usr/bin/javac',
    purpose: 'compiles the program that uses Curator',
  },
]

/** @throws Error as {@link installForeignPrograms} does */
export function installCurator(): void {
  install([...foreignPackages, ...curatorPackages])
}

/** @throws Error that says what is missing and how to get it, when apt-get cannot install it here */
export function installForeignPrograms(): void {
  install(foreignPackages)
}

function install(packages: readonly ForeignPackage[]): void {
  const missing = packages.filter(({ file }) => !existsSync(file))
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name)
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const words of [['update'], ['install', '--yes', '--no-install-recommends', ...names]]) {
    const result = spawnSync('apt-get', words, { env: environment, encoding: 'utf8' })
    if (result.status !== 0)
      throw new Error(refusal(missing, result.stderr ?? ''), { cause: result.error })
  }
}

function refusal(missing: readonly ForeignPackage[], detail: string): string {
  const wants = missing.map(({ name, purpose }) => `  ${name} (${purpose})`).join('\n')
  const last = detail.trim().split('\n').at(-1) ?? ''
  return (
    `the interop tests need these Debian packages, and apt-get could not install them:\n${wants}\n` +
    `apt-get said: ${last || 'nothing (is this Debian?)'}\n` +
    `Install them as root: apt-get install ${missing.map(({ name }) => name).join(' ')}`
  )
}

if (import.meta.main) installForeignPrograms()
