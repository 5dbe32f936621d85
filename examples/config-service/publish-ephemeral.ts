/**
 * Writes each line of standard input to the configuration with the client alone, as an ephemeral node: the servers delete
 * it when this process ends, however it ends.
 */
import { createInterface } from 'node:readline'
import { ZooKeeper } from '@quorate/client'
import { configPath, connectString } from './settings.ts'

await using zk = new ZooKeeper(connectString)

for await (const line of createInterface({ input: process.stdin }))
  await zk.update(configPath, () => line, { create: { ephemeral: true } })
