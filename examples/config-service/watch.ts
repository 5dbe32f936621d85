/** Prints the configuration and each of its changes, until it is deleted. */
import { ZooKeeper } from '@quorate/client'
import { configPath, connectString } from './connect-string.ts'

await using zk = new ZooKeeper(connectString)
let shownZxid: number | undefined

// The watch is sent before the read, so a change is either in the value below or told as a change.
const changes = zk.watch(configPath)
await show()
console.log(`watching ${configPath}`)
for await (const change of changes) {
  if (change.type === 'nodeDeleted') break
  await show()
}
console.log(`${configPath} was deleted`)

/** A node may change again between the event and the read: what was shown already is not shown twice. */
async function show(): Promise<void> {
  if ((await zk.exists(configPath)) === null) return
  const { value, stat } = await zk.getWithStat(configPath)
  if (stat.mzxid === shownZxid) return
  shownZxid = stat.mzxid
  console.log(`${configPath} = ${value}`)
}
