/** A server under measurement: a process of its own on a fresh directory, whose pid is the one that listens. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'

export interface ServerKind {
  readonly name: string
  /** The command and its arguments; `{config}` stands for the path of the zoo.cfg. */
  readonly command: readonly string[]
}

export interface BenchSettings {
  readonly snapCount: number
  /** What makes the server a member of an ensemble. */
  readonly membership?: {
    readonly myId: number
    /** `server.N=…` of all members. */
    readonly serverLines: readonly string[]
  }
}

/** What Apache's example configuration has. */
const ensembleTicks = ['initLimit=10', 'syncLimit=5']

export class BenchedServer {
  readonly kind: ServerKind
  readonly directory: string
  readonly port: number
  /** Unix time of the last start, in ms. */
  startedAtMs = 0
  #process: ChildProcess | undefined

  private constructor(kind: ServerKind, directory: string, port: number) {
    this.kind = kind
    this.directory = directory
    this.port = port
  }

  /** Makes the directory and the configuration, and finds a free port; {@link launch} starts the server. */
  static async prepare(
    kind: ServerKind,
    directory: string,
    { snapCount, membership }: BenchSettings,
  ): Promise<BenchedServer> {
    const data = join(directory, 'data')
    mkdirSync(data, { recursive: true })
    const server = new BenchedServer(kind, directory, await freePort())
    const ensemble = membership === undefined ? [] : [...ensembleTicks, ...membership.serverLines]
    writeFileSync(
      server.#configFile,
      [...configuration(server, snapCount), ...ensemble, ''].join('\n'),
    )
    if (membership !== undefined) writeFileSync(join(data, 'myid'), `${membership.myId}\n`)
    return server
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Undefined before the first launch. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Whether it was started and has not ended. */
  get isRunning(): boolean {
    const child = this.#process
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** Starts the process; it does not serve yet. After a {@link crash} it starts again on the same directory. */
  launch(): void {
    const output = openSync(join(this.directory, 'output.log'), 'a')
    const [command, ...args] = this.kind.command.map((part) =>
      part.replace('{config}', this.#configFile),
    )
    this.startedAtMs = Date.now()
    this.#process = spawn(command!, args, {
      cwd: this.directory,
      stdio: ['ignore', output, output],
    })
    // Without a listener a command that cannot be run would end this process.
    this.#process.on('error', () => {})
  }

  /** @throws Error when another process than the one that was started owns the port (a wrapper, say) */
  assertListens(): void {
    if (this.pid === undefined || !listens(this.pid, this.port)) {
      throw new Error(`${this.kind.name}: the process ${this.pid} does not listen on ${this.port}`)
    }
  }

  /** Ends the process by SIGTERM; by SIGKILL if it takes more than 20 seconds. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#process?.kill('SIGKILL'), 20_000)
    await this.#end('SIGTERM')
    clearTimeout(timer)
  }

  async crash(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** The process stands still, as if its machine had gone; a {@link crash} ends that. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  /** What `srvr` says the server's version is. */
  async version(): Promise<string> {
    return /version: ([\w.-]+\w)/.exec(await this.#srvr())?.[1] ?? 'unknown'
  }

  /** What `srvr` says the server is: leader, follower, standalone; undefined while it is nothing of that. */
  async role(): Promise<string | undefined> {
    return /^Mode: (\w+)/m.exec(await this.#srvr())?.[1]
  }

  snapshotCount(): number {
    return this.#files().filter((name) => name.startsWith('snapshot.')).length
  }

  /** MB that the server's files occupy on the disk; sparse parts do not count. */
  diskMb(): number {
    const blocks = this.#files().map((name) => statSync(join(this.#versionDirectory, name)).blocks)
    return Math.round(blocks.reduce((sum, count) => sum + count, 0) / 2_048)
  }

  /** The end of what the server wrote to its output. */
  lastOutput(): string {
    return readFileSync(join(this.directory, 'output.log'), 'utf8').slice(-2_000)
  }

  async #srvr(): Promise<string> {
    const socket = connect(this.port, '127.0.0.1')
    socket.write('srvr')
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    return text
  }

  get #configFile(): string {
    return join(this.directory, 'zoo.cfg')
  }

  get #versionDirectory(): string {
    return join(this.directory, 'data', 'version-2')
  }

  #files(): readonly string[] {
    return readdirSync(this.#versionDirectory)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    if (child === undefined || !this.isRunning) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
}

/** The same settings for every server. Purging is off, so that snapshots can be counted. */
function configuration(server: BenchedServer, snapCount: number): readonly string[] {
  return [
    'tickTime=2000',
    `dataDir=${join(server.directory, 'data')}`,
    `clientPort=${server.port}`,
    'clientPortAddress=127.0.0.1',
    'maxClientCnxns=0',
    'admin.enableServer=false',
    '4lw.commands.whitelist=srvr,mntr,ruok',
    'forceSync=yes',
    `snapCount=${snapCount}`,
    'autopurge.purgeInterval=0',
  ]
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Whether one of the process's open files is the socket that listens on the port (Linux). */
function listens(pid: number, port: number): boolean {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const listening = '0A'
  const inodes = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(`:${hexPort}`) && fields[3] === listening)
      .map((fields) => `socket:[${fields[9]}]`),
  )
  const files = `/proc/${pid}/fd`
  return readdirSync(files).some((name) => inodes.includes(linkTarget(join(files, name))))
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // It was closed since the directory was read.
  }
}
