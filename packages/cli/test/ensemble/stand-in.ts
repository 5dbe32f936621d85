/**
 * Stands in for the `quorate` command where a supervisor is tested: `server zoo.cfg --stop-with-stdin` listens on the
 * client port and answers `srvr`. What a file named `behaviour` beside the configuration says makes it difficult:
 * `refuse` its configuration, or be `deaf` to SIGTERM.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'

const [word, file = '', flag] = process.argv.slice(2)
if (word !== 'server' || flag !== '--stop-with-stdin')
  throw new Error(`started with ${process.argv.slice(2).join(' ')}`)

const behaviourFile = join(dirname(file), 'behaviour')
const behaviour = existsSync(behaviourFile) ? readFileSync(behaviourFile, 'utf8') : ''
if (behaviour === 'refuse') {
  process.stderr.write('quorate server: the file makes no sense (CONFIG_VALUE_INVALID)\n')
  process.exit(2)
}
process.on('SIGTERM', () => {
  if (behaviour !== 'deaf') process.exit(0)
})
process.stdin.once('end', () => process.exit(0)).resume()

const port = Number(/^clientPort=(\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1])
createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', () =>
    socket.end('Zookeeper version: stand-in\nMode: follower\nNode count: 5\n'),
  )
}).listen(port, '127.0.0.1')
