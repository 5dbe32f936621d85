/** Ports of this machine that nobody listens on at the moment. Somebody else may take one before it is used. */
import { createServer, type Server } from 'node:net'
import { loopback } from '../server/server-settings.ts'

export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(servers.map((server) => portOf(server)))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, loopback, resolve)
  })
  return (server.address() as { port: number }).port
}
