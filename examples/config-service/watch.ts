/** Prints the configuration and each of its changes, until it is deleted. */
import { ZooKeeper } from '@quorate/client'
import { config } from '@quorate/recipes'
import { configPath, connectString, defaults, schema } from './settings.ts'

await using zk = new ZooKeeper(connectString)
await using settings = config(zk, configPath, { schema, default: defaults })

let wasWritten = false
for await (const value of settings) {
  console.log(`${configPath} = ${JSON.stringify(value)}`)
  // Without a node the default counts again.
  if (value === defaults && wasWritten) break
  wasWritten = value !== defaults
}
