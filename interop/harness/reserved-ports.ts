/**
 * Ports for servers that are stopped and started again. They lie below those that the system gives to connections on
 * their way out, one of which could otherwise sit on a server's port while that is down.
 */
import { createServer, type Server } from 'node:net'

const first = 10_240
const count = 20_000
const attemptsMax = 1_000

/** @returns ports that nobody listens on, all different */
export async function reservedPorts(wanted: number): Promise<readonly number[]> {
  const holders = new Map<number, Server>()
  for (let attempt = 0; holders.size < wanted; attempt++) {
    if (attempt === attemptsMax) throw new Error(`found ${holders.size} free ports of ${wanted}`)
    const port = first + Math.floor(Math.random() * count)
    const holder = holders.has(port) ? undefined : await listening(port)
    if (holder !== undefined) holders.set(port, holder)
  }
  for (const holder of holders.values()) await new Promise((resolve) => holder.close(resolve))
  return [...holders.keys()]
}

function listening(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
