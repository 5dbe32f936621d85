/** Random requests: mostly ones that mean something, with every way of being wrong mixed in. */
import { digestId, OpCode } from '@quorate/protocol'
import {
  ephemeralPaths,
  guardedPaths,
  openPaths,
  pathOf,
  quotaNodes,
  quotaPathOf,
  sequentialPathOf,
  watchedPathOf,
} from './path-pool.ts'
import type { Random } from './random.ts'
import type { AclEntries, AclEntry, Body, Data, Request, Text } from './request.ts'
import { persistentWatchSlot, superSlot } from './step.ts'

export interface GeneratorOptions {
  /** Mixes in quota nodes and paths below a quota. */
  readonly hasQuotas: boolean
  readonly hasSuperUser: boolean
}

/** Where a request will stand, which decides what it may be. */
export interface Place {
  readonly slot: number
  /**
   * Requests that the reference answers out of order (auth), or checks against state that depends on timing
   * (writes behind a setACL, quotas), are kept out of pipelines.
   */
  readonly isPipelined: boolean
  readonly isInMulti?: boolean
}

const openAcl: AclEntries = [{ perms: 31, scheme: 'world', id: 'anyone' }]
const digestIds = { alice: digestId('alice:a'), bob: digestId('bob:b') }

const invalidAcls: readonly AclEntries[] = [
  null,
  [],
  [{ perms: 31, scheme: 'world', id: 'x' }],
  [{ perms: 31, scheme: 'nobody', id: 'x' }],
  [{ perms: 31, scheme: 'digest', id: 'alice' }],
  [{ perms: 31, scheme: 'digest', id: 'alice:b:c' }],
  [{ perms: 31, scheme: 'digest', id: ':' }],
  [{ perms: 31, scheme: 'ip', id: '127.0.0.1/33' }],
  [{ perms: 31, scheme: 'ip', id: '127.0.0' }],
  [{ perms: 31, scheme: 'ip', id: '' }],
  [{ perms: 31, scheme: '', id: '' }],
]

/** Null strings where there must be none: found only when the ACL is looked at, or when the request is decoded. */
const aclsWithNull: readonly AclEntries[] = [
  [{ perms: 31, scheme: null, id: 'x' }],
  [{ perms: 31, scheme: 'world', id: null }],
  [{ perms: 31, scheme: 'digest', id: null }],
]

/** Where servers may well disagree on whether they are valid; they would lock an open path. */
const doubtfulAcls: readonly AclEntries[] = [
  [{ perms: 31, scheme: 'super', id: '' }],
  [{ perms: 31, scheme: 'x509', id: 'CN=alice' }],
  [{ perms: 31, scheme: 'x509', id: 'alice' }],
  [{ perms: 31, scheme: 'sasl', id: 'alice' }],
  [{ perms: 31, scheme: 'ip', id: '127.0.0.256' }],
  [{ perms: 31, scheme: 'ip', id: 'localhost' }],
  [{ perms: 31, scheme: 'ip', id: '127.0.0.1/-1' }],
  [{ perms: 31, scheme: 'ip', id: '127.0.0.1/' }],
  [{ perms: 31, scheme: 'ip', id: '127.0.0.1/8/8' }],
  [{ perms: 31, scheme: 'digest', id: 'größe\u{1f600}:x' }],
]

const guardedEntries: readonly AclEntry[] = [
  { perms: 31, scheme: 'world', id: 'anyone' },
  { perms: 1, scheme: 'world', id: 'anyone' },
  { perms: 0, scheme: 'world', id: 'anyone' },
  { perms: 2, scheme: 'world', id: 'anyone' },
  { perms: 16, scheme: 'world', id: 'anyone' },
  { perms: 12, scheme: 'world', id: 'anyone' },
  { perms: 255, scheme: 'world', id: 'anyone' },
  { perms: -1, scheme: 'world', id: 'anyone' },
  { perms: 31, scheme: 'digest', id: digestIds.alice },
  { perms: 17, scheme: 'digest', id: digestIds.alice },
  { perms: 1, scheme: 'digest', id: digestIds.bob },
  { perms: 31, scheme: 'ip', id: '127.0.0.1' },
  { perms: 31, scheme: 'ip', id: '127.0.0.0/8' },
  { perms: 31, scheme: 'ip', id: '10.0.0.0/8' },
  { perms: 31, scheme: 'ip', id: '0.0.0.0/0' },
  { perms: 31, scheme: 'auth', id: '' },
  { perms: 5, scheme: 'auth', id: 'ignored' },
]

export class RequestGenerator {
  readonly #random: Random
  readonly #options: GeneratorOptions

  constructor(random: Random, options: GeneratorOptions) {
    this.#random = random
    this.#options = options
  }

  request(place: Place): Request {
    const random = this.#random
    const body = this.#body(place)
    if (random.chance(0.02) && isCuttable(body))
      return { body, cut: random.pick([1, 2, 4, 5, 8, 30]) }
    if (random.chance(0.005)) return { body, cut: -random.pick([1, 4, 100]) }
    if (random.chance(0.01)) return { body, xid: random.pick([0, -2, -4, -8, -5, 2147483647]) }
    return { body }
  }

  #body(place: Place): Body {
    const random = this.#random
    const body = random.weighted<() => Body>([
      [24, () => this.#create(place)],
      [10, () => this.#delete()],
      [6, () => this.#read(OpCode.exists, place)],
      [8, () => this.#read(OpCode.getData, place)],
      [4, () => this.#read(OpCode.getChildren, place)],
      [4, () => this.#read(OpCode.getChildren2, place)],
      [10, () => this.#setData(place)],
      [4, () => ({ type: OpCode.getACL, path: pathOf(random) })],
      [place.isPipelined ? 0 : 6, () => this.#setAcl()],
      [3, () => ({ type: OpCode.sync, path: pathOf(random) })],
      [2, () => ({ type: OpCode.getAllChildrenNumber, path: pathOf(random) })],
      [3, () => this.#getEphemerals()],
      [20, () => this.#multi()],
      [4, () => this.#multiRead()],
      [3, () => this.#setWatches(place)],
      [place.slot === persistentWatchSlot ? 12 : 0, () => this.#addWatch()],
      [4, () => this.#watchType(place)],
      [place.isPipelined ? 0 : 5, () => this.#auth(place)],
      [1, () => ({ type: OpCode.whoAmI })],
      [1, () => ({ type: OpCode.ping })],
      [1, () => this.#reconfig()],
      [
        place.isPipelined ? 0 : 0.5,
        () => ({ type: OpCode.sasl, token: random.pick(['', 'token']) }),
      ],
      [place.isPipelined ? 0 : 0.7, () => this.#unknown()],
      [place.isPipelined ? 0 : 0.7, () => ({ type: OpCode.closeSession })],
      [place.isPipelined || !this.#options.hasQuotas ? 0 : 40, () => this.#quotaOp()],
    ])
    return body()
  }

  #create(place: Place): Body {
    const random = this.#random
    const type = random.weighted<1 | 15 | 19 | 21>([
      [10, 1],
      [5, 15],
      [2, 19],
      [3, 21],
    ])
    const flags = this.#flags(type, place)
    const isSequential = flags === 2 || flags === 3 || flags === 6
    const isEphemeral = flags === 1 || flags === 3
    const path = isSequential
      ? sequentialPathOf(random)
      : random.chance(isEphemeral ? 0.6 : 0.08)
        ? random.pick(ephemeralPaths)
        : pathOf(random)
    const acl = this.#acl(path, place)
    const fields = { path, data: this.#data(place), acl, flags }
    return type === 21 ? { type, ...fields, ttl: this.#ttl(flags) } : { type, ...fields }
  }

  /**
   * Container flags come with createContainer only, and no other flag comes with it: the reference takes such pairs,
   * with a digest of the tree that is wrong, and we refuse them (see the tests of refusals).
   */
  #flags(type: number, place: Place): number {
    const random = this.#random
    if (random.chance(0.04)) return random.pick([7, 8, -1, 100, 2147483647])
    if (type === 19) return 4
    // Inside a multi the reference takes createTTL without a TTL flag for a plain create.
    if (type === 21)
      return place.isInMulti || random.chance(0.9) ? random.pick([5, 6]) : random.below(5)
    return random.weighted([
      [8, 0],
      [3, 1],
      [3, 2],
      [2, 3],
      [0.6, 5],
      [0.6, 6],
    ])
  }

  /** Never −1 with a flag that has no TTL: that stops the reference for good. */
  #ttl(flags: number): number {
    const random = this.#random
    const hasTtl = flags === 5 || flags === 6
    if (random.chance(0.6)) return 1_000_000_000 + random.below(1000)
    return random.pick([0, 1_099_511_627_775, 1_099_511_627_776, ...(hasTtl ? [-1, -2] : [5])])
  }

  #acl(path: Text, place: Place): AclEntries {
    const random = this.#random
    if (random.chance(0.06)) return random.pick(invalidAcls)
    if (!place.isInMulti && random.chance(0.01)) return random.pick(aclsWithNull)
    return isGuarded(path) && !place.isPipelined && random.chance(0.5)
      ? this.#guardedAcl()
      : openAcl
  }

  #guardedAcl(): AclEntries {
    const random = this.#random
    if (random.chance(0.1)) return random.pick(doubtfulAcls)
    const entries = [random.pick(guardedEntries)]
    while (random.chance(0.3)) entries.push(random.pick(guardedEntries))
    return entries
  }

  #delete(): Body {
    const random = this.#random
    const path = random.chance(0.3) ? random.pick(ephemeralPaths) : pathOf(random)
    return { type: OpCode.delete, path, version: this.#version() }
  }

  #version(): number {
    return this.#random.weighted([
      [6, -1],
      [3, 0],
      [1.5, 1],
      [0.7, 2],
      [0.4, 3],
      [0.2, 100],
      [0.2, -2],
    ])
  }

  #read(type: 3 | 4 | 8 | 12, place: Place): Body {
    const random = this.#random
    const watch = place.slot !== persistentWatchSlot && random.chance(0.5)
    return { type, path: watch ? watchedPathOf(random) : pathOf(random), watch }
  }

  /** Data near the longest frame stands alone: how much of a pipeline a server answers before it closes is chance. */
  #data({ isPipelined }: Place): Data {
    const largeWeight = isPipelined ? 0 : 0.02
    return this.#random.weighted<Data>([
      [10, 'value'],
      [4, ''],
      [4, null],
      [2, { length: 100 }],
      [0.6, { length: 20_000 }],
      [largeWeight, { length: 1_048_000 }],
      [largeWeight, { length: 1_050_000 }],
    ])
  }

  #setData(place: Place): Body {
    return {
      type: OpCode.setData,
      path: pathOf(this.#random),
      data: this.#data(place),
      version: this.#version(),
    }
  }

  #setAcl(): Body {
    const random = this.#random
    const path = random.chance(0.75) ? random.pick(guardedPaths) : pathOf(random)
    const acl = random.chance(0.15)
      ? random.pick(invalidAcls)
      : isGuarded(path)
        ? this.#guardedAcl()
        : openAcl
    return { type: OpCode.setACL, path, acl, version: this.#version() }
  }

  #getEphemerals(): Body {
    const paths: Text[] = [null, '', '/', ' ', '~', '~/a', '~/a/', 'x', '~/x']
    return { type: OpCode.getEphemerals, path: this.#random.pick(paths) }
  }

  #multi(): Body {
    const random = this.#random
    const ops: Body[] = []
    const count = random.weighted([
      [0.3, 0],
      [3, 1],
      [4, 2],
      [3, 3],
      [1, 6],
    ])
    const place = { slot: 0, isPipelined: true, isInMulti: true }
    while (ops.length < count) {
      const op = random.weighted<() => Body>([
        [8, () => this.#create(place)],
        [4, () => this.#delete()],
        [5, () => this.#setData(place)],
        [4, () => ({ type: OpCode.check, path: pathOf(random), version: this.#version() })],
        [0.15, () => this.#read(OpCode.getData, place)],
        [0.15, () => this.#unusual()],
      ])()
      // With a null path inside, a multi costs the reference two zxids of which it shows one.
      if (!('path' in op) || op.path !== null) ops.push(op)
    }
    return { type: OpCode.multi, ops }
  }

  #multiRead(): Body {
    const random = this.#random
    const ops: Body[] = []
    const place = { slot: persistentWatchSlot, isPipelined: true }
    while (random.chance(0.7)) ops.push(this.#read(random.pick([4, 8]), place))
    if (random.chance(0.06)) ops.push(this.#unusual())
    return { type: OpCode.multiRead, ops }
  }

  /** An op that neither kind of multi may hold. */
  #unusual(): Body {
    const random = this.#random
    return random.pick<Body>([
      { type: OpCode.exists, path: pathOf(random), watch: false },
      { type: OpCode.sync, path: pathOf(random) },
      { type: OpCode.getACL, path: pathOf(random) },
      { type: OpCode.setACL, path: pathOf(random), acl: openAcl, version: -1 },
      { type: OpCode.multi, ops: [] },
      { type: 999, raw: '' },
    ])
  }

  #setWatches(place: Place): Body {
    const random = this.#random
    const paths = (): readonly Text[] => {
      const list: Text[] = []
      while (random.chance(0.5)) list.push(watchedPathOf(random))
      return list
    }
    const behind = random.pick([0, 1, 2, 5, 20, -5])
    if (place.slot === persistentWatchSlot) {
      const lists = [[], [], [], [random.pick(persistentPaths)], [random.pick(recursivePaths)]]
      return { type: OpCode.setWatches2, behind, lists }
    }
    // A null list further behind would leave the watches of the lists before it.
    if (random.chance(0.05)) return { type: OpCode.setWatches, behind, lists: [null, [], []] }
    return random.chance(0.5)
      ? { type: OpCode.setWatches, behind, lists: [paths(), paths(), paths()] }
      : { type: OpCode.setWatches2, behind, lists: [paths(), paths(), paths(), [], []] }
  }

  #addWatch(): Body {
    const random = this.#random
    if (random.chance(0.1))
      return { type: OpCode.addWatch, path: '~/a', mode: random.pick([2, 3, -1, 100]) }
    const mode = random.below(2)
    return {
      type: OpCode.addWatch,
      path: random.pick(mode === 0 ? persistentPaths : recursivePaths),
      mode,
    }
  }

  #watchType(place: Place): Body {
    const random = this.#random
    const type = random.pick([OpCode.checkWatches, OpCode.removeWatches])
    const path =
      place.slot === persistentWatchSlot
        ? random.pick([...persistentPaths, ...recursivePaths])
        : random.chance(0.1)
          ? pathOf(random)
          : random.pick(openPaths)
    if (place.slot === persistentWatchSlot)
      return {
        type,
        path,
        mode: random.weighted([
          [10, 3],
          [1, 0],
          [1, 9],
        ]),
      }
    const mode = random.weighted([
      [4, 1],
      [4, 2],
      [4, 3],
      [0.4, 4],
      [0.4, 5],
      [0.5, 0],
      [0.5, 6],
      [0.3, -1],
    ])
    return { type, path, mode }
  }

  #auth(place: Place): Body {
    const random = this.#random
    if (place.slot === superSlot && this.#options.hasSuperUser)
      return { type: OpCode.auth, scheme: 'digest', auth: superUser }
    const good: readonly Data[] =
      place.slot === 0
        ? []
        : place.slot === 1
          ? ['alice:a']
          : ['alice:a', 'bob:b', 'plain', 'a:b:c']
    if (good.length > 0 && random.chance(0.85))
      return { type: OpCode.auth, scheme: 'digest', auth: random.pick(good) }
    return random.pick<Body>([
      { type: OpCode.auth, scheme: 'ip', auth: '' },
      { type: OpCode.auth, scheme: 'ip', auth: '10.0.0.1' },
      { type: OpCode.auth, scheme: 'nobody', auth: 'x' },
      { type: OpCode.auth, scheme: 'world', auth: 'anyone' },
      { type: OpCode.auth, scheme: 'auth', auth: '' },
      { type: OpCode.auth, scheme: 'sasl', auth: 'x' },
      { type: OpCode.auth, scheme: '', auth: '' },
    ])
  }

  #reconfig(): Body {
    const random = this.#random
    return {
      type: OpCode.reconfig,
      joining: random.pick([null, 'server.2=127.0.0.1:1:2:participant;3', 'nonsense']),
      leaving: random.pick([null, '1', 'x']),
      members: random.pick([null, null, 'server.1=127.0.0.1:1:2;3']),
      config: random.pick([-1, 0, 1]),
    }
  }

  /** Op codes 13, 20 and −10 are left out: the reference takes them from clients. */
  #unknown(): Body {
    return { type: this.#random.pick([0, 10, 23, 99, 108, 999, -1, -2, -12, 2147483647]), raw: '' }
  }

  #quotaOp(): Body {
    const random = this.#random
    if (random.chance(0.3)) return this.#quotaNodeOp()
    const path = quotaPathOf(random)
    const data: Data = random.pick(['', 'value', null, { length: 25 }, { length: 100 }])
    const type = random.pick([1, 1, 15, 19] as const)
    const flags = type === 19 ? 4 : 0
    const write = random.weighted<Body>([
      [6, { type, path, data, acl: openAcl, flags }],
      [2, { type: OpCode.createTTL, path, data, acl: openAcl, flags: 5, ttl: 1_000_000_000 }],
      [5, { type: OpCode.setData, path, data, version: -1 }],
      [2, { type: OpCode.delete, path, version: -1 }],
    ])
    return random.weighted<Body>([
      [15, write],
      [5, { type: OpCode.multi, ops: [write] }],
      [4, { type: OpCode.getData, path, watch: false }],
      [1, { type: OpCode.getChildren2, path, watch: false }],
    ])
  }

  /** Reads what is counted and changes the limits. */
  #quotaNodeOp(): Body {
    const random = this.#random
    const path = random.pick(quotaNodes)
    const isLimits = path.endsWith('zookeeper_limits')
    return isLimits && random.chance(0.4)
      ? { type: OpCode.setData, path, data: random.pick(quotaTexts), version: -1 }
      : { type: OpCode.getData, path, watch: false }
  }
}

/** As clients write them; hard limits come behind an odd `=`. */
const quotaTexts = [
  'count=3,bytes=40',
  'count=-1,bytes=-1',
  'count=-1,bytes=-1=;byteHardLimit=60;countHardLimit=3',
  'count=1,bytes=1=;byteHardLimit=-1;countHardLimit=2',
  'count=-1,bytes=-1=;byteHardLimit=30',
  'count=0,bytes=0',
]

export const superUser = 'super:secret'
export const superDigest: string = digestId(superUser)

const persistentPaths: readonly string[] = ['~/a/b', '~/e', '~/x', '/zookeeper']
export const recursivePaths: readonly string[] = ['~/a', '~/s', '~/g', '/']

/** Whether there is a body to cut. */
function isCuttable(body: Body): boolean {
  return 'path' in body || 'ops' in body || 'lists' in body || 'joining' in body
}

function isGuarded(path: Text): boolean {
  return typeof path === 'string' && guardedPaths.includes(path)
}
