/**
 * The steps of one round: a pure function of seed and round, so that a round can be run again alone. It knows
 * nothing of what servers answer; the pool of paths is so small that ops meet each other anyway.
 */
import { OpCode } from '@quorate/protocol'
import { ephemeralPaths, guardedPaths, openPaths, quotaNodes, quotaPaths } from './path-pool.ts'
import { Random, seedOf } from './random.ts'
import { type Body, mayWrite, type Request } from './request.ts'
import { type GeneratorOptions, RequestGenerator, superUser } from './request-generator.ts'
import { type ConnectStep, slotCount, type Step, superSlot } from './step.ts'

export interface RoundOptions extends GeneratorOptions {
  readonly seed: number
  readonly round: number
  /** Ops that the round sends, pipelined ones counted one by one. */
  readonly operationCount: number
}

const openAcl = [{ perms: 31, scheme: 'world', id: 'anyone' }]

export function generateRound(options: RoundOptions): readonly Step[] {
  const random = new Random(seedOf(options.seed, options.round))
  const requests = new RequestGenerator(random, options)
  const steps: Step[] = [...preamble(options)]
  let operationCount = steps.length + operationCountOf(epilogue)
  while (operationCount < options.operationCount) {
    const step = nextStep(random, requests, options)
    steps.push(step)
    operationCount += operationCountOf([step])
  }
  return [...steps, ...epilogue]
}

/** The last steps of a round: reads all that is left, as somebody without and somebody with an identity. */
const epilogue: readonly Step[] = [0, superSlot].flatMap((slot) =>
  [...openPaths, ...guardedPaths, ...ephemeralPaths, ...quotaPaths].map((path): Step => {
    const bodies: readonly Body[] = [
      { type: OpCode.getData, path, watch: false },
      { type: OpCode.getACL, path },
      { type: OpCode.getChildren2, path, watch: false },
    ]
    return { kind: 'requests', slot, requests: bodies.map((body) => ({ body })) }
  }),
)

/** The first steps of every round: connects every slot and lays out the paths that most requests are about. */
export function preamble(options: GeneratorOptions): readonly Step[] {
  const steps: Step[] = []
  for (let slot = 0; slot < slotCount; slot++) steps.push({ ...plainConnect, slot })
  const roots = ['~', '~/a', '~/e', '~/s', '~/g', ...(options.hasQuotas ? quotaRoots : [])]
  for (const path of roots) {
    const request: Request = {
      body: { type: OpCode.create, path, data: 'start', acl: openAcl, flags: 0 },
    }
    steps.push({ kind: 'requests', slot: 0, requests: [request] })
  }
  if (options.hasQuotas) {
    for (const path of quotaNodes) {
      const data = path.endsWith('q/zookeeper_limits') ? hardLimits : 'count=-1,bytes=-1'
      const request: Request = { body: { type: OpCode.create, path, data, acl: openAcl, flags: 0 } }
      steps.push({ kind: 'requests', slot: 0, requests: [request] })
    }
  }
  if (options.hasSuperUser) {
    const auth: Request = { body: { type: OpCode.auth, scheme: 'digest', auth: superUser } }
    steps.push({ kind: 'requests', slot: superSlot, requests: [auth] })
  }
  return steps
}

function operationCountOf(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + ('requests' in step ? step.requests.length : 1), 0)
}

const quotaRoots = ['/zookeeper/quota~', '/zookeeper/quota~/q', '~/q']

const hardLimits = 'count=-1,bytes=-1=;byteHardLimit=60;countHardLimit=3'

const plainConnect: ConnectStep = {
  kind: 'connect',
  slot: 0,
  session: 'new',
  password: 'good',
  timeOut: 2_000_000,
  lastZxidSeen: 'none',
  readOnly: false,
}

function nextStep(random: Random, requests: RequestGenerator, options: GeneratorOptions): Step {
  const slot = random.below(slotCount)
  const kind = random.weighted([
    [100, 'single'],
    [8, 'pipelined'],
    [2.5, 'connect'],
    [0.7, 'disconnect'],
    [0.3, 'bytes'],
    [0.3, 'stranger'],
  ] as const)
  switch (kind) {
    case 'single':
      return { kind: 'requests', slot, requests: [requests.request({ slot, isPipelined: false })] }
    case 'pipelined':
      return { kind: 'requests', slot, requests: pipeline(random, requests, slot, options) }
    case 'connect':
      return connectStep(random, slot)
    case 'disconnect':
      return { kind: 'disconnect', slot }
    case 'bytes':
      return { kind: 'bytes', slot, hex: random.pick(brokenFrames) }
    default:
      return { kind: 'stranger', hex: random.pick(strangeBeginnings) }
  }
}

/** Several requests in one write. Under quotas they are reads only: the reference checks quotas against the past. */
function pipeline(
  random: Random,
  requests: RequestGenerator,
  slot: number,
  options: GeneratorOptions,
): readonly Request[] {
  const count = 2 + random.below(8)
  const chosen: Request[] = []
  while (chosen.length < count) {
    const request = requests.request({ slot, isPipelined: true })
    if (!(options.hasQuotas && mayWrite(request.body))) chosen.push(request)
  }
  return chosen
}

function connectStep(random: Random, slot: number): ConnectStep {
  const session = random.weighted<ConnectStep['session']>([
    [3, 'new'],
    [5, { of: slot }],
    [1.5, { of: random.below(slotCount) }],
    [0.5, 'unknown'],
  ])
  return {
    kind: 'connect',
    slot,
    session,
    password: random.weighted([
      [6, 'good'],
      [1, 'bad'],
      [0.5, 'empty'],
      [0.5, 'null'],
      [0.3, 'long'],
    ]),
    timeOut: random.pick([2_000_000, 2_000_000, 0, -1, 1, 1_500_000, 2_147_483_647]),
    lastZxidSeen: random.weighted([
      [6, 'none'],
      [3, 'current'],
      [0.5, 'future'],
    ]),
    readOnly: random.pick([undefined, false, false, true]),
  }
}

/** Sent on a connection with a session; every one makes the server close it. */
const brokenFrames: readonly string[] = [
  '00000000',
  'ffffffff',
  '80000000',
  '00100000',
  '7fffffff',
  '0000000400000001',
  '000000070000000100000b',
]

/** First bytes of a connection that are neither a ConnectRequest nor a four-letter word. */
const strangeBeginnings: readonly string[] = [
  '00000000',
  'ffffffff',
  '00100000',
  '00000008000000010000000b',
  Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex'),
  '16030100' + '00'.repeat(40),
  // A ConnectRequest whose password is longer than what is there.
  '0000002c' + '00'.repeat(24) + '00000020' + '00'.repeat(16),
]
