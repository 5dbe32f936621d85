/** A whole server in this process, over real sockets and files. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, it } from 'node:test'
import { MemoryDisk } from '@quorate/log'
import { OpCode } from '@quorate/protocol'
import { resolveConfig } from '../src/config/server-config.ts'
import { type Machine, thisMachine } from '../src/machine.ts'
import { Server } from '../src/server.ts'
import { LineLog } from './line-log.ts'
import { ask, RawClient } from './raw-client.ts'

const root = mkdtempSync(join(tmpdir(), 'quorate-server-'))
after(() => rmSync(root, { recursive: true }))

const running: Server[] = []
const clients: RawClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.end()
  for (const server of running.splice(0)) await server.stop()
})

async function start(name: string, lines = '') {
  const text = `dataDir=${join(root, name)}\nclientPort=0\nclientPortAddress=127.0.0.1\ntickTime=200\n4lw.commands.whitelist=*\n${lines}`
  const { config } = resolveConfig({ file: { path: 'zoo.cfg', text } })
  const log = new LineLog()
  const server = await Server.start({ config, log })
  running.push(server)
  return { server, log, port: server.port }
}

async function open(port: number, options: Parameters<typeof RawClient.open>[1] = {}) {
  const opened = await RawClient.open(port, options)
  clients.push(opened.client)
  return opened
}

describe('Server', () => {
  it('closes clients that are more than the connection throttle lets through, without an answer', async () => {
    const { port, log } = await start(
      'throttled',
      'connection_throttle_tokens=1\nconnection_throttle_fill_time=100000000\n',
    )
    await open(port)
    await assert.rejects(RawClient.open(port), /the server closed the connection/)
    assert.match((await log.until('CONNECT_REFUSED')).message, /connection_throttle_tokens/)
    assert.match(await ask(port, 'mntr'), /zk_connection_rejected\t1\n/)
  })

  it('opens sessions, writes, reads, and answers words about it', async () => {
    const { port } = await start('basic')
    const { client, session } = await open(port, { timeoutMs: 60_000 })
    assert.equal(session.timeOut, 4_000)
    assert.equal((await client.create('/a', 'hello')).err, 0)
    assert.equal(await client.get('/a'), 'hello')
    assert.equal(await client.get('/b'), -101)
    const srvr = await ask(port, 'srvr')
    assert.match(srvr, /^Zookeeper version: 3\.9\.4-quorate-.*\n/)
    assert.match(srvr, /\nConnections: 2\n.*\nZxid: 0x2\nMode: standalone\nNode count: 6\n$/s)
    assert.match(
      await ask(port, 'cons'),
      new RegExp(`sid=0x${session.sessionId.toString(16)},lop=GETD`),
    )
    assert.match(await ask(port, 'mntr'), /\nzk_cnt_fsynctime\t[1-9]/)
    assert.match(await ask(port, 'conf'), new RegExp(`^clientPort=${port}\n`))
  })

  it('answers pipelined requests in order', async () => {
    const { port } = await start('pipeline')
    const { client } = await open(port)
    const sent: number[] = []
    for (let i = 0; i < 50; i++) {
      sent.push(client.request(OpCode.ping, undefined), client.requestCreate(`/n${i}`, ''))
    }
    for (const xid of sent) assert.equal((await client.reply()).header.xid, xid)
    assert.equal(await client.get('/n49'), '')
  })

  it('counts what it replayed towards the next snapshot', async () => {
    const first = await start('replayed')
    const { client } = await open(first.port)
    await client.create('/a', 'x')
    await client.create('/b', 'x')
    await first.server.stop()
    const second = await start('replayed', 'snapCount=4')
    await open(second.port)
    await second.log.until('SNAPSHOT_WRITTEN')
  })

  it('purges as soon as it runs', async () => {
    const first = await start('purged')
    await first.server.stop()
    const folder = join(root, 'purged/version-2')
    for (const zxid of [1, 2, 3])
      copyFileSync(join(folder, 'snapshot.0'), join(folder, `snapshot.${zxid}`))
    const second = await start('purged', 'autopurge.purgeInterval=1')
    assert.deepEqual((await second.log.until('PURGED')).fields?.['files'], ['snapshot.0'])
  })

  it('has everything again after a restart, sessions and their ephemerals too', async () => {
    const first = await start('restart')
    const { client, session } = await open(first.port)
    await client.create('/kept', 'x')
    await client.create('/ephemeral', '', 1)
    await first.server.stop()
    await client.closed()
    const second = await start('restart')
    assert.equal((await second.log.until('RECOVERED')).fields?.['replayedCount'], 3)
    const again = await open(second.port, { session })
    assert.equal(again.session.sessionId, session.sessionId)
    assert.equal(await again.client.get('/kept'), 'x')
    assert.equal(await again.client.get('/ephemeral'), '')
  })

  it('expires a session that is not heard of', async () => {
    const { port, log } = await start('expiry')
    const silent = await open(port, { timeoutMs: 1 })
    assert.equal(silent.session.timeOut, 400)
    await silent.client.create('/gone', '', 1)
    const { client } = await open(port, { timeoutMs: 4_000 })
    assert.equal(await client.get('/gone'), '')
    await log.until('SESSION_EXPIRED')
    await silent.client.closed()
    assert.equal(await client.get('/gone'), -101)
  })

  it('hears what clients sent during a pause of the process before it expires sessions', async () => {
    const { port, log } = await start('stall')
    const { client } = await open(port, { timeoutMs: 400 })
    client.request(OpCode.ping, undefined)
    // Longer than the session may be silent: the ping lies in the socket while the timer falls due.
    const until = performance.now() + 1_500
    while (performance.now() < until);
    await client.reply()
    await log.until('PROCESS_STALLED')
    assert.equal((await client.create('/alive', '')).err, 0)
    assert.ok(!log.lines.some((line) => line.code === 'SESSION_EXPIRED'))
  })

  it('takes snapshots while it serves, rolls the log, and purges', async () => {
    const { port, log, server } = await start(
      'snapshots',
      'snapCount=20\nautopurge.purgeInterval=50ms\n',
    )
    const { client } = await open(port)
    let count = 0
    const folder = join(root, 'snapshots/version-2')
    while (!log.lines.some((line) => line.code === 'PURGED')) {
      assert.equal((await client.create(`/n${count++}`, 'x'.repeat(100))).err, 0)
    }
    const names = readdirSync(folder)
    assert.ok(names.filter((name) => name.startsWith('snapshot.')).length >= 3)
    assert.ok(!names.includes('snapshot.0'))
    await server.stop()
    const second = await start('snapshots')
    const again = await open(second.port)
    for (const at of [0, count - 1])
      assert.equal((await again.client.get(`/n${at}`)).toString().length, 100)
  })

  it('writes compressed snapshots when asked, and starts from them', async () => {
    const { port, log, server } = await start(
      'gzip',
      'snapCount=4\nsnapshot.compression.method=gz\n',
    )
    const { client } = await open(port)
    for (let i = 0; i < 5; i++) await client.create(`/n${i}`, 'data')
    assert.match((await log.until('SNAPSHOT_WRITTEN')).message, /\.gz$/)
    await server.stop()
    const second = await start('gzip')
    const again = await open(second.port)
    assert.equal(await again.client.get('/n4'), 'data')
  })

  it('refuses a data directory that is in use, and gives it free when it stops', async () => {
    const { server } = await start('locked')
    await assert.rejects(start('locked'), { code: 'DATA_DIRECTORY_IN_USE', exitCode: 3 })
    await server.stop()
    await start('locked')
  })

  it('locks a log directory of its own too', async () => {
    const logs = join(root, 'shared-logs')
    await start('one', `dataLogDir=${logs}\n`)
    await assert.rejects(start('two', `dataLogDir=${logs}\n`), { code: 'DATA_DIRECTORY_IN_USE' })
    assert.ok(!existsSync(join(root, 'two/quorate.lock')))
  })

  it('leaves nothing behind when the port is taken', async () => {
    const { port } = await start('holder')
    const text = `dataDir=${join(root, 'late')}\nclientPort=${port}\nclientPortAddress=127.0.0.1\n`
    const { config } = resolveConfig({ file: { path: 'zoo.cfg', text } })
    await assert.rejects(Server.start({ config, log: new LineLog() }), {
      code: 'CLIENT_PORT_UNAVAILABLE',
    })
    assert.deepEqual(readdirSync(join(root, 'late')), ['version-2'])
  })

  it('does not start from files it cannot read', async () => {
    const { server } = await start('broken')
    await server.stop()
    const folder = join(root, 'broken/version-2')
    for (const name of readdirSync(folder))
      if (name.startsWith('snapshot.')) rmSync(join(folder, name))
    const { port, server: fresh } = await start('broken')
    const { client } = await open(port)
    await client.create('/a', '')
    await fresh.stop()
    rmSync(join(folder, 'snapshot.0'))
    await assert.rejects(start('broken'), { code: 'RECOVERY_FAILED', exitCode: 3 })
  })

  it('breaks connections at once when it is halted, and serves nobody any more', async () => {
    const { server, port } = await start('halted')
    const { client } = await open(port)
    assert.equal(server.mode, 'standalone')
    await client.create('/a', '')
    const unanswered = assert.rejects(client.get('/a'))
    await server.halt()
    await unanswered
    assert.equal(server.mode, undefined)
    await assert.rejects(RawClient.open(port))
    assert.ok(!existsSync(join(root, 'halted/quorate.lock')))
  })

  it('keeps what it has on the machine that it is given', async () => {
    const disk = new MemoryDisk()
    const machine: Machine = {
      ...thisMachine,
      lock: () => ({ release() {} }),
      openDisk: () => disk,
    }
    const dataDir = join(root, 'elsewhere')
    const text = `dataDir=${dataDir}\nclientPort=0\nclientPortAddress=127.0.0.1\n`
    const { config } = resolveConfig({ file: { path: 'zoo.cfg', text } })
    const server = await Server.start({ config, log: new LineLog(), machine })
    running.push(server)
    const { client } = await open(server.port)
    await client.create('/a', '')
    assert.ok(!existsSync(dataDir))
    assert.deepEqual(disk.list(join(dataDir, 'version-2')).toSorted(), ['log.1', 'snapshot.0'])
  })
})
