import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startEnsemble, type TestEnsemble, type TestMember } from '../../src/index.ts'

const limits = { timeout: 60_000 }

test(
  'three members serve one leader, and a client of any sees what another wrote',
  limits,
  async () => {
    await using ensemble = await startEnsemble(3)
    const leader = await ensemble.leader()
    assert.deepEqual(
      ensemble.members.map(({ mode }) => String(mode)).toSorted((a, b) => a.localeCompare(b)),
      ['follower', 'follower', 'leader'],
    )
    assert.equal(leader.mode, 'leader')
    const zk = await ensemble.client()
    await zk.create('/shared', 'value')
    for (const member of ensemble.members) {
      const reader = await member.client()
      await reader.sync('/')
      assert.equal(await reader.get('/shared'), 'value')
    }
  },
)

test(
  'an ensemble without its leader elects another, and nothing acknowledged is lost',
  limits,
  async () => {
    await using ensemble = await startEnsemble(3)
    const zk = await ensemble.client()
    await zk.create('/acknowledged', '')
    const first = await ensemble.leader()
    await first.kill()
    const second = await ensemble.leader()
    assert.notEqual(second, first)
    const reader = await second.client()
    assert.notEqual(await reader.exists('/acknowledged'), null)
    await first.restart()
    await ensemble.settled()
    assert.equal(first.mode, 'follower')
  },
)

test('members that reach no majority serve nobody until the network heals', limits, async () => {
  await using ensemble = await startEnsemble(3)
  const cutOff = await ensemble.leader()
  await ensemble.partition([cutOff])
  assert.equal(cutOff.mode, undefined)
  const leader = await ensemble.leader()
  assert.notEqual(leader, cutOff)
  const zk = await leader.client()
  await zk.create('/by-majority', '')
  await ensemble.heal()
  const reader = await cutOff.client()
  assert.notEqual(await reader.exists('/by-majority'), null)
})

test('no group of a partition without a majority has a leader', limits, async () => {
  await using ensemble = await startEnsemble(3)
  const [one, two, three] = ensemble.members as [TestMember, TestMember, TestMember]
  await ensemble.partition([one], [two], [three])
  assert.deepEqual(modes(ensemble), [undefined, undefined, undefined])
  await ensemble.partition([one, two], [three])
  assert.equal(three.mode, undefined)
  assert.ok([one, two].includes(await ensemble.leader()))
})

test('the session of a client expires on the whole ensemble', limits, async () => {
  await using ensemble = await startEnsemble(3)
  const owner = await ensemble.client()
  await owner.create('/member', '', { ephemeral: true })
  await ensemble.expire(owner)
  const witness = await (await ensemble.leader()).client()
  assert.equal(await witness.exists('/member'), null)
})

test(
  'a member whose disk is full observes, and votes again when there is room',
  limits,
  async () => {
    await using ensemble = await startEnsemble(3)
    const follower = ensemble.members.find(({ mode }) => mode === 'follower')!
    const zk = await (await ensemble.leader()).client()
    follower.failDisk('ENOSPC')
    await zk.create('/too-much', '')
    await until(() => follower.mode === 'observer')
    assert.equal(follower.mode, 'observer')
    follower.mendDisk()
    await until(() => follower.mode === 'follower')
    assert.equal(follower.mode, 'follower')
  },
)

test(
  'an ensemble whose disks are all full takes writes again by itself when there is room',
  limits,
  async () => {
    await using ensemble = await startEnsemble(3)
    const zk = await ensemble.client()
    await zk.create('/kept', '')
    for (const member of ensemble.members) member.failDisk('ENOSPC')
    const pending = zk.create('/later', '')
    await until(() => ensemble.members.every(({ mode }) => mode === undefined))
    for (const member of ensemble.members) member.mendDisk()
    await pending
    assert.notEqual(await zk.exists('/kept'), null)
  },
)

test('writes go on while the disk of one follower is slow', limits, async () => {
  await using ensemble = await startEnsemble(3)
  const leader = await ensemble.leader()
  const follower = ensemble.members.find(({ mode }) => mode === 'follower')!
  const zk = await leader.client()
  follower.slowDisk(60_000)
  await zk.create('/by-the-others', '')
})

test("observers serve, and don't count as a majority", limits, async () => {
  await using ensemble = await startEnsemble(2, { observers: 1 })
  const observer = ensemble.members[2]
  assert.deepEqual([observer.isObserver, observer.mode], [true, 'observer'])
  const zk = await observer.client()
  await zk.create('/through-an-observer', '')
  await ensemble.members[0].kill()
  await ensemble.settled()
  assert.deepEqual(modes(ensemble), [undefined, undefined, undefined])
})

test('a member that was reconfigured starts again as it is now', limits, async () => {
  const settings = { reconfigEnabled: 'true', skipACL: 'yes' }
  await using ensemble = await startEnsemble(3, { settings })
  const zk = await ensemble.client()
  const leader = await ensemble.leader()
  const leaving = ensemble.members.find((member) => member !== leader)!
  await zk.reconfig({ leaving: String(leaving.id) })
  const staying = ensemble.members.find((member) => member !== leader && member !== leaving)!
  await staying.restart()
  const reader = await staying.client()
  const { config } = await reader.getConfig()
  assert.doesNotMatch(config, new RegExp(`server\\.${leaving.id}=`))
})

test('an ensemble of one, or of half a member, is refused', limits, async () => {
  await assert.rejects(startEnsemble(1), RangeError)
  await assert.rejects(startEnsemble(2.5), RangeError)
  await assert.rejects(startEnsemble(3, { observers: -1 }), RangeError)
})

function modes({ members }: TestEnsemble): readonly unknown[] {
  return members.map(({ mode }) => mode)
}

async function until(condition: () => boolean): Promise<void> {
  const overdueAtMs = performance.now() + 30_000
  while (!condition() && performance.now() < overdueAtMs)
    await new Promise((resolve) => setTimeout(resolve, 5))
}

test(
  'a leader that falls silent is replaced, and follows when it is heard again',
  limits,
  async () => {
    await using ensemble = await startEnsemble(3)
    const silent = await ensemble.leader()
    await ensemble.silence(silent)
    const leader = await ensemble.leader()
    assert.notEqual(leader, silent)
    const zk = await leader.client()
    await zk.create('/in-the-silence', '')
    await ensemble.heal()
    assert.equal(silent.mode, 'follower')
    const reader = await silent.client()
    assert.notEqual(await reader.exists('/in-the-silence'), null)
  },
)

test('a client of a member that falls silent goes to another one', limits, async () => {
  await using ensemble = await startEnsemble(3)
  const leader = await ensemble.leader()
  const silent = ensemble.members.filter((member) => member !== leader)
  const zk = await ensemble.client({ timeout: 2_000 })
  await zk.create('/member', '', { ephemeral: true })
  for (const member of silent) {
    await ensemble.silence(member)
    assert.notEqual(await zk.exists('/member'), null)
  }
})
