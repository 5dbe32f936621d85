/**
 * Writes each line of standard input, which is JSON, to the configuration; its earlier versions are kept. At the end of
 * input the configuration is deleted.
 */
import { createInterface } from 'node:readline'
import { ZooKeeper, ZooKeeperError } from '@quorate/client'
import { config } from '@quorate/recipes'
import { configPath, connectString, schema, type Settings } from './settings.ts'

await using zk = new ZooKeeper(connectString)
await using settings = config(zk, configPath, { schema })

for await (const line of createInterface({ input: process.stdin })) {
  try {
    const version = await settings.set(JSON.parse(line) as Settings)
    console.log(`wrote version ${version}`)
  } catch (error) {
    if (!(error instanceof ZooKeeperError) || error.code !== 'InvalidValue') throw error
    console.log(`refused: ${error.message}`)
  }
}
await zk.delete(configPath, { recursive: true })
