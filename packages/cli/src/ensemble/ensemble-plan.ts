/**
 * Who is in an ensemble on this machine, and on which ports. The plan is kept in the ensemble's folder, so that a
 * second start comes back as the same ensemble. What is read from there is checked, since people edit files.
 */
import { createHash } from 'node:crypto'
import { EnsembleError } from './ensemble-error.ts'
import { loopback } from './port-choice.ts'

export interface MemberPlan {
  /** The server id (`myid`), from 1 on. */
  readonly id: number
  readonly role: 'participant' | 'observer'
  readonly clientPort: number
  readonly quorumPort: number
  readonly electionPort: number
}

export interface EnsemblePlan {
  readonly members: readonly MemberPlan[]
}

export function connectString({ members }: EnsemblePlan): string {
  return members.map(({ clientPort }) => `${loopback}:${clientPort}`).join(',')
}

export function voterCount({ members }: EnsemblePlan): number {
  return members.filter(({ role }) => role === 'participant').length
}

/** The text of a member's zoo.cfg. A server alone has no server lines: with one it would run standalone all the same. */
export function zooCfg(plan: EnsemblePlan, member: MemberPlan, dataDirectory: string): string {
  const lines = [
    'tickTime=2000',
    `dataDir=${dataDirectory}`,
    `clientPort=${member.clientPort}`,
    `clientPortAddress=${loopback}`,
    ...(plan.members.length === 1 ? [] : ensembleLines(plan)),
  ]
  const text = lines.map((line) => `${line}\n`).join('')
  return signature(text) + text
}

/** Whether the text is as `zooCfg` made it, for whatever plan. */
export function isUnchangedZooCfg(text: string): boolean {
  const end = text.indexOf('\n') + 1
  return text.slice(0, end) === signature(text.slice(end))
}

function signature(text: string): string {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return `# Written by "quorate ensemble" (${digest}), which leaves it alone once it was changed.\n`
}

function ensembleLines({ members }: EnsemblePlan): readonly string[] {
  return ['initLimit=10', 'syncLimit=5', ...members.map(serverLine)]
}

function serverLine({ id, role, quorumPort, electionPort }: MemberPlan): string {
  return `server.${id}=${loopback}:${quorumPort}:${electionPort}:${role}`
}

/** @throws EnsembleError ENSEMBLE_FOLDER_UNUSABLE when the value is no plan */
export function checkedPlan(value: unknown, origin: string): EnsemblePlan {
  const members = isRecord(value) ? value['members'] : undefined
  if (!Array.isArray(members) || members.length === 0 || !members.every(isMember)) {
    throw new EnsembleError(
      'ENSEMBLE_FOLDER_UNUSABLE',
      `${origin} does not describe an ensemble: expected "members", each with id, role and three ports; restore the file, or choose another folder (--data-dir)`,
    )
  }
  return { members }
}

function isMember(value: unknown): value is MemberPlan {
  if (!isRecord(value)) return false
  const { id, role, clientPort, quorumPort, electionPort } = value
  const isRole = role === 'participant' || role === 'observer'
  return isRole && isWithin(id, 255) && [clientPort, quorumPort, electionPort].every(isPort)
}

function isPort(value: unknown): boolean {
  return isWithin(value, 65_535)
}

function isWithin(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
