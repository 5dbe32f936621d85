/** `quorate server`: runs one server in the foreground until it is told to stop. */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  ConfigError,
  type ConfigSources,
  ExitCode,
  type ResolvedConfig,
  resolveConfig,
  type RunningServer,
  ServerError,
  ServerLog,
  startServer,
} from '@quorate/server'
import { stopWithStdin } from './ensemble/stop-with-stdin.ts'

const usage = `usage: quorate server [ZOO.CFG] [options]

Runs a server in the foreground. Without a configuration file it listens on
127.0.0.1:2181 and keeps its data in ./data.

options (they win over the file, which wins over -D options in JVMFLAGS)
  --data-dir DIR         where the data is kept (dataDir)
  --client-port PORT     the port clients connect to (clientPort); 0 takes a free one
  --client-address ADDR  the address of that port (clientPortAddress)
  --set NAME=VALUE       any key of the configuration; may be repeated
  --stop-with-stdin      stop when standard input ends, as it does with the program
                         that started the server and holds the other end
  --log-level LEVEL      trace, debug, info, warn, error, fatal or silent
  --help                 this text

The log is JSON, one line an event; the line with the code SERVER_SERVING has
the address and the port. Exit codes: 0 stopped, 1 failed, 2 wrong arguments or
configuration, 3 the data directory cannot be used.
`

/** Long enough for a waiting client to be served first, short enough for one who reads the log. */
const logOpensAfterMs = 50

/** @returns the exit code, when the server has stopped */
export async function run(args: readonly string[]): Promise<number> {
  let resolved: ResolvedConfig
  try {
    const commandLine = parseCommandLine(args)
    if (commandLine === 'help') {
      process.stdout.write(usage)
      return ExitCode.finished
    }
    resolved = resolveConfig(commandLine)
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof UsageError)) throw error
    process.stderr.write(`quorate server: ${error.message} (${error.code})\n`)
    return ExitCode.invalidInvocation
  }
  return await serve(resolved)
}

class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'COMMAND_LINE_INVALID'
}

function parseCommandLine(args: readonly string[]): ConfigSources | 'help' {
  const { values, positionals } = readArguments(args)
  if (values.help === true) return 'help'
  if (values['stop-with-stdin'] === true) stopWithStdin()
  if (positionals.length > 1) {
    throw new UsageError(`found ${positionals.length} configuration files; one is allowed`)
  }
  const flags = [
    ...(values.set ?? []).map(assignment),
    ...flagFor('dataDir', values['data-dir'], '--data-dir'),
    ...flagFor('clientPort', values['client-port'], '--client-port'),
    ...flagFor('clientPortAddress', values['client-address'], '--client-address'),
    ...flagFor('quorate.logLevel', values['log-level'], '--log-level'),
  ]
  const { JVMFLAGS: jvmFlags = '', SERVER_JVMFLAGS: serverJvmFlags = '' } = process.env
  return { file: readConfig(positionals[0]), jvmFlags, serverJvmFlags, flags }
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'data-dir': { type: 'string' },
        'client-port': { type: 'string' },
        'client-address': { type: 'string' },
        set: { type: 'string', multiple: true },
        'stop-with-stdin': { type: 'boolean' },
        'log-level': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; "quorate server --help" lists the options`)
  }
}

function assignment(text: string) {
  const equals = text.indexOf('=')
  if (equals > 0)
    return { name: text.slice(0, equals), value: text.slice(equals + 1), origin: '--set' }
  throw new UsageError(`found --set ${text}; expected --set NAME=VALUE`)
}

function flagFor(name: string, value: string | undefined, origin: string) {
  return value === undefined ? [] : [{ name, value, origin }]
}

function readConfig(path: string | undefined): ConfigSources['file'] {
  if (path === undefined) return undefined
  try {
    return { path, text: readFileSync(path, 'utf8') }
  } catch (error) {
    throw new ConfigError(
      'CONFIG_UNREADABLE',
      `the configuration file cannot be read: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

async function serve({ config, notices }: ResolvedConfig): Promise<number> {
  const log = new ServerLog(config.logLevel)
  for (const { level, code, message } of notices) log.write({ level, code, message })
  let server: RunningServer
  try {
    server = await startServer({ config, log })
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    log.write({ level: 'fatal', code: error.code, message: error.message })
    process.stderr.write(`quorate server: ${error.message} (${error.code})\n`)
    await log.flush()
    return error.exitCode
  }
  const { address, port } = server
  log.write({
    level: 'info',
    code: 'SERVER_SERVING',
    message: `serving clients on ${address}:${port}, data in ${config.dataDir}`,
    fields: { address, port, dataDir: config.dataDir, dataLogDir: config.dataLogDir },
  })
  setTimeout(() => void log.open(), logOpensAfterMs)
  const code = await untilStopped(server, log)
  await log.flush()
  return code
}

/** Waits for a signal or a failure; the server has stopped afterwards. */
async function untilStopped(server: RunningServer, log: ServerLog): Promise<number> {
  const asked = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
  const ended = await Promise.race([asked, server.failure])
  if (typeof ended === 'string') {
    log.write({ level: 'info', code: 'SERVER_STOPPING', message: `stopping for ${ended}` })
  }
  await server.stop()
  if (typeof ended !== 'string') return ended.exitCode
  log.write({ level: 'info', code: 'SERVER_STOPPED', message: 'stopped' })
  return ExitCode.finished
}
