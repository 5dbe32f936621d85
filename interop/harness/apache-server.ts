/** Apache ZooKeeper as Debian packages it, run from its jars. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { installForeignPrograms } from './install.ts'
import { type ServerKind, type ServerOptions, ServerProcess } from './server-process.ts'

const javaDirectory = '/usr/share/java'

/** What the server needs besides what the manifest of zookeeper.jar names. */
const serverJars = [
  'slf4j-simple',
  'zookeeper',
  'snappy-java',
  'metrics-core',
  'commons-cli',
  'netty-codec',
  'netty-resolver',
  'netty-transport-native-unix-common',
  'jetty9-server',
  'jetty9-servlet',
  'jetty9-util',
  'jetty9-http',
  'jetty9-io',
  'jetty9-security',
  'servlet-api',
]

const jvmSettings = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  // These say how a learner is brought up to date, which no figure tells.
  '-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper.server.quorum.Learner=info',
  '-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper.server.quorum.LearnerHandler=debug',
]

export const java = '/usr/bin/java'

/** Those of the named jars that are installed, as a class path. */
export function classPath(jars: readonly string[]): string {
  return jars
    .map((jar) => join(javaDirectory, `${jar}.jar`))
    .filter((file) => existsSync(file))
    .join(':')
}

export const apache: ServerKind = {
  name: 'apache',
  command(configurationFile, options) {
    const properties = Object.entries(options.properties ?? {})
    return {
      command: java,
      words: [
        `-Xmx${options.heapMb ?? 384}m`,
        ...jvmSettings,
        ...properties.map(([name, value]) => `-D${name}=${value}`),
        '-cp',
        `${log4jDirectory(configurationFile)}:${classPath(serverJars)}`,
        'org.apache.zookeeper.server.quorum.QuorumPeerMain',
        configurationFile,
      ],
    }
  },
}

export function startApache(options: ServerOptions = {}): Promise<ServerProcess> {
  installForeignPrograms()
  return ServerProcess.start(apache, options)
}

/** Some of Debian's jars talk to log4j directly, which complains on every start when it finds no settings. */
function log4jDirectory(configurationFile: string): string {
  const directory = join(dirname(configurationFile), 'log4j')
  mkdirSync(directory, { recursive: true })
  writeFileSync(
    join(directory, 'log4j.properties'),
    'log4j.rootLogger=WARN, CONSOLE\n' +
      'log4j.appender.CONSOLE=org.apache.log4j.ConsoleAppender\n' +
      'log4j.appender.CONSOLE.layout=org.apache.log4j.SimpleLayout\n',
  )
  return directory
}
