/**
 * Decides what an ensemble is made of: what its folder says, or for a new folder what was asked for, on ports that are
 * free. Clients know the client ports, so those stay for ever. Only the members themselves know the others, all of which
 * are about to start: one that somebody else has taken is replaced.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { EnsembleError } from './ensemble-error.ts'
import type { EnsembleOptions } from './ensemble-options.ts'
import { connectString, type EnsemblePlan, type MemberPlan, voterCount } from './ensemble-plan.ts'
import { loopback, PortChoice } from './port-choice.ts'

/** What ZooKeeper's documentation uses; taken when they are free. */
const conventional = { client: 2_181, quorum: 2_888, election: 3_888 } as const

const defaultSize = 3

/** Members whose supervisor was killed may still be on their way down. */
const portPatienceMs = 5_000
const pollMs = 100

/**
 * @param patienceMs how long to wait for client ports that are taken
 * @throws EnsembleError ENSEMBLE_CONTRADICTION, ENSEMBLE_PORT_TAKEN
 */
export async function choosePlan(
  options: EnsembleOptions,
  kept: EnsemblePlan | undefined,
  patienceMs: number = portPatienceMs,
): Promise<EnsemblePlan> {
  if (kept !== undefined) checkWishes(options, kept)
  const ports = new PortChoice()
  try {
    return kept === undefined
      ? await newPlan(options, ports)
      : await samePlan(kept, ports, patienceMs)
  } finally {
    await ports.release()
  }
}

function checkWishes(options: EnsembleOptions, kept: EnsemblePlan): void {
  const size = voterCount(kept)
  const observers = kept.members.length - size
  const port = kept.members[0]!.clientPort
  const isSame =
    (options.size ?? size) === size &&
    (options.observers ?? observers) === observers &&
    (options.clientPort ?? port) === port
  if (isSame) return
  throw new EnsembleError(
    'ENSEMBLE_CONTRADICTION',
    `the folder ${options.folder} holds an ensemble of ${size} voters and ${observers} observers on ${connectString(kept)}; start it without --size, --observers and --client-port, or choose another folder (--data-dir)`,
  )
}

async function newPlan(options: EnsembleOptions, ports: PortChoice): Promise<EnsemblePlan> {
  const { size = defaultSize, observers = 0, clientPort } = options
  if (observers > 0 && size < 2) {
    throw new EnsembleError(
      'ENSEMBLE_CONTRADICTION',
      `found --size ${size} and --observers ${observers}: observers need an ensemble of at least two voters`,
    )
  }
  const members: MemberPlan[] = []
  for (let i = 0; i < size + observers; i++) {
    members.push({
      id: i + 1,
      role: i < size ? 'participant' : 'observer',
      clientPort: await clientPortOf(i, clientPort, ports),
      quorumPort: await ports.takeAny(conventional.quorum + i),
      electionPort: await ports.takeAny(conventional.election + i),
    })
  }
  return { members }
}

async function clientPortOf(
  i: number,
  wanted: number | undefined,
  ports: PortChoice,
): Promise<number> {
  if (wanted === 0) return ports.takeAny(0)
  const port = (wanted ?? conventional.client) + i
  // The first was asked for by number; the others are told in any case.
  if (i === 0 && wanted !== undefined && !(await ports.take(wanted))) throw portTaken(wanted)
  return i === 0 && wanted !== undefined ? wanted : ports.takeAny(port)
}

async function samePlan(
  kept: EnsemblePlan,
  ports: PortChoice,
  patienceMs: number,
): Promise<EnsemblePlan> {
  const deadline = performance.now() + patienceMs
  for (const { clientPort } of kept.members) {
    while (!(await ports.take(clientPort))) {
      if (performance.now() > deadline) throw portTaken(clientPort)
      await delay(pollMs)
    }
  }
  const members: MemberPlan[] = []
  for (const member of kept.members) {
    const quorumPort = await ports.takeAny(member.quorumPort)
    const electionPort = await ports.takeAny(member.electionPort)
    members.push({ ...member, quorumPort, electionPort })
  }
  return { members }
}

function portTaken(port: number): EnsembleError {
  return new EnsembleError(
    'ENSEMBLE_PORT_TAKEN',
    `another program listens on ${loopback}:${port}, where clients expect this ensemble; stop that program, or start a new ensemble elsewhere (--data-dir and --client-port)`,
  )
}
