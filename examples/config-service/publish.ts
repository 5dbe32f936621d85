/**
 * Writes each line of standard input to the configuration, and deletes it at the end of input.
 *
 *     node publish.ts [--ephemeral]     with --ephemeral the server deletes it, because the session ends
 */
import { createInterface } from 'node:readline'
import { ZooKeeper } from '@quorate/client'
import { configPath, connectString } from './connect-string.ts'

const ephemeral = process.argv.includes('--ephemeral')
await using zk = new ZooKeeper(connectString)

for await (const value of createInterface({ input: process.stdin })) {
  if ((await zk.exists(configPath)) === null) await zk.create(configPath, value, { ephemeral })
  else await zk.set(configPath, value)
}
if (!ephemeral) await zk.delete(configPath)
