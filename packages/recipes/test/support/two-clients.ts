/** One server for the tests of a file, two clients of it, and for each test a path that no other has used. */
import { after, before, beforeEach } from 'node:test'
import type { ZooKeeper } from '@quorate/client/core'
import { startServer, type TestServer } from '@quorate/testkit'

export let server: TestServer
export let zk: ZooKeeper
export let other: ZooKeeper
export let path = ''

/** To be called once, at the top of the file. */
export function useTwoClients(parent: string): void {
  let count = 0
  before(async () => {
    server = await startServer()
    zk = await server.client()
    other = await server.client()
  })
  after(() => server.close())
  beforeEach(() => {
    path = `${parent}/n${++count}`
  })
}
