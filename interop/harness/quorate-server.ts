/** Our server, run through the command that users run. */
import { join } from 'node:path'
import { repositoryRoot } from './repository.ts'
import { type ServerKind, type ServerOptions, ServerProcess } from './server-process.ts'

const command = join(repositoryRoot, 'node_modules', '.bin', 'quorate')

export const quorate: ServerKind = {
  name: 'quorate',
  command(configurationFile, options) {
    const properties = Object.entries(options.properties ?? {})
    return {
      command,
      words: ['server', configurationFile],
      // Where Apache's start scripts look for system properties; our server reads them there too.
      environment: { JVMFLAGS: properties.map(([name, value]) => `-D${name}=${value}`).join(' ') },
    }
  },
}

export function startQuorate(options: ServerOptions = {}): Promise<ServerProcess> {
  return ServerProcess.start(quorate, options)
}
