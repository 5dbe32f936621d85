/**
 * The commands of transcripts of Zab. Elections take place, and are not traced.
 *
 *     servers 1 2 3 [observers 4] [window=3] [diskPart=0.33] [counterMax=9] [forceSnapshot] [reconfig]
 *         [masters]             followers serve observers
 *     server 4                      one more, which is no member yet
 *     history 2 log=1:1-1:4,2:1 [snapshot=1:0] [epoch=2] [accepted=2] [sizes=100,30]     bytes of its snapshot and log
 *     start 1 2 | crash 1
 *     run 300                       ms of virtual time
 *     until 1 2 serve | until 3 leads | until 1 looks | until 1 2 2:4       …the last they applied
 *     submit 3 a b                  the leader proposes
 *     hold 1->3 | release 1->3      what is written there waits, or leaves
 *     hold-disk 1 | complete 1 [2] | release-disk 1
 *     cut 1-3 | heal 1-3
 *     sync 1 | forward 1 | touch 1 7 | revalidate 1 7 | confirm 3
 *     reconfigure 3 add=4,5:observer remove=2 | reconfigure 3 members=1,2:observer
 *     pings on                      they are traced, too
 *     state | logs
 */
import { ErrorCode, makeZxid, OpCode, type SessionId, type Zxid } from '@quorate/protocol'
import {
  type ForwardedRequest,
  type LearnerTerm,
  type Membership,
  parseMembership,
  type Proposal,
  type ZabOptions,
} from '@quorate/consensus'
import { zxidText } from '../zab/memory-history.ts'
import { type ZabServer, ZabWorld } from '../zab/zab-world.ts'
import { PacketTrace } from './packet-trace.ts'
import type { TranscriptWorld } from './transcript.ts'
import { textTxn } from '../zab/text-txn.ts'

type Command = (words: readonly string[]) => void

export class ZabTranscript implements TranscriptWorld {
  #lines: string[] = []
  /** The same packets to several servers are one line. */
  #sending: { readonly text: string; readonly from: number; readonly to: number[] } | undefined
  readonly #traces = new Map<string, PacketTrace>()
  #arePingsShown = false
  #membership: Membership | undefined
  #options: Partial<ZabOptions> = {}
  readonly #world: ZabWorld = new ZabWorld({
    observer: {
      sent: (from, to, bytes, connection) => this.#sent(from, to, bytes, connection),
      completed: (id, operation) => this.#trace(`${id} ${operation}`),
      termStarted: (id, term) => this.#trace(`${id} serves: ${term.role}, epoch ${term.epoch}`),
      termEnded: (id, reason) => this.#trace(`${id} serves no more: ${reason}`),
      delivered: (id, proposal) => this.#trace(`${id} delivers ${zxidText(proposal.zxid)}`),
      told: (id, what) => this.#trace(`${id} is told: ${what}`),
      membershipChanged: (id, text) => this.#trace(`${id} activates ${membersText(text)}`),
      reported: (id, { code, message }) => {
        if (shownReports.has(code)) this.#trace(`${id} reports ${code}: ${message}`)
      },
    },
  })
  readonly #commands: ReadonlyMap<string, Command> = new Map<string, Command>([
    ['servers', (words) => this.#servers(words)],
    ['server', (words) => this.#server(words)],
    ['history', (words) => this.#history(words)],
    ['start', (words) => words.forEach((id) => this.#at(id).start())],
    ['crash', (words) => words.forEach((id) => this.#at(id).crash())],
    ['run', ([ms]) => this.#world.run(Number(ms))],
    ['until', (words) => this.#until(words)],
    ['submit', ([id, ...texts]) => texts.forEach((text) => this.#at(id).submit(text))],
    ['hold', (words) => words.forEach((path) => this.#world.hold(...pathIn(path)))],
    ['release', (words) => words.forEach((path) => this.#world.release(...pathIn(path)))],
    ['hold-disk', (words) => words.forEach((id) => (this.#at(id).isDiskHeld = true))],
    ['complete', ([id, count]) => this.#complete(this.#at(id), Number(count ?? 1))],
    ['release-disk', (words) => words.forEach((id) => this.#releaseDisk(this.#at(id)))],
    ['cut', ([pair]) => this.#world.cut(...pairIn(pair))],
    ['heal', ([pair]) => this.#world.heal(...pairIn(pair))],
    ['sync', ([id]) => this.#learnerTerm(id).sync(requestOf(OpCode.sync))],
    ['forward', ([id]) => this.#learnerTerm(id).forward(requestOf(OpCode.create))],
    ['touch', ([id, session]) => this.#at(id).touch(BigInt(session), 4_000)],
    ['revalidate', ([id, session]) => this.#revalidate(id, session)],
    ['confirm', ([id]) => this.#confirm(this.#at(id))],
    ['reconfigure', (words) => this.#reconfigure(words)],
    ['pings', ([word]) => (this.#arePingsShown = word === 'on')],
    ['state', () => this.#state()],
    ['logs', () => this.#logs()],
  ])

  run(words: readonly string[]): readonly string[] {
    this.#lines = []
    const command = this.#commands.get(words[0])
    if (command === undefined) throw new Error(`there is no command ${words[0]}`)
    try {
      command(words.slice(1))
    } catch (error) {
      this.#trace(`error: ${(error as Error).message}`)
    }
    this.#endSending()
    return this.#lines
  }

  #trace(line: string): void {
    this.#endSending()
    this.#lines.push(line)
  }

  #sent(from: number, to: number, bytes: Uint8Array, connection: number): void {
    const key = `${connection} ${from}`
    let trace = this.#traces.get(key)
    if (trace === undefined) {
      trace = new PacketTrace(() => this.#arePingsShown)
      this.#traces.set(key, trace)
    }
    const text = trace.take(bytes).join(' · ')
    if (text === '') return
    const sending = this.#sending
    if (sending?.from === from && sending.text === text) sending.to.push(to)
    else {
      this.#endSending()
      this.#sending = { text, from, to: [to] }
    }
  }

  #endSending(): void {
    const sending = this.#sending
    this.#sending = undefined
    if (sending !== undefined)
      this.#lines.push(`${sending.from} -> ${sending.to.join(' ')}: ${sending.text}`)
  }

  #at(id: string): ZabServer {
    return this.#world.server(Number(id))
  }

  #learnerTerm(id: string): LearnerTerm {
    const { term } = this.#at(id)
    if (term === undefined || term.role === 'leading') throw new Error(`${id} is no learner`)
    return term
  }

  #servers(words: readonly string[]): void {
    const values = valuesIn(words)
    const names = words.filter((word) => !word.includes('='))
    const observersAt = names.indexOf('observers')
    const ids = names.map(Number).filter((id) => id > 0)
    const isObserver = (id: number): boolean =>
      observersAt !== -1 && names.indexOf(`${id}`) > observersAt
    const lines = ids.map((id) => serverLine(id, isObserver(id)))
    this.#membership = parseMembership([...lines, 'version=0'].join('\n'))
    this.#options = {
      commitLogCount: Number(values.get('window') ?? 500),
      snapshotSizeFactor: Number(values.get('diskPart') ?? 0.33),
      zxidCounterMax: Number(values.get('counterMax') ?? 0xffff_fffe),
      forceSnapshotSync: names.includes('forceSnapshot'),
      reconfigEnabled: names.includes('reconfig'),
      hasObserverMasters: names.includes('masters'),
      standaloneEnabled: false,
    }
    for (const id of ids) this.#add(id)
  }

  /** A server that is no member yet. */
  #server([id]: readonly string[]): void {
    this.#add(Number(id))
  }

  #add(id: number): void {
    const server = this.#world.add(id, this.#membership!, this.#options)
    server.history.recentCountMax = this.#options.commitLogCount!
  }

  #history([id, ...words]: readonly string[]): void {
    const values = valuesIn(words)
    const { history } = this.#at(id)
    const zxids = (values.get('log') ?? '').split(',').filter((text) => text !== '')
    const log = zxids.flatMap(zxidsIn).map(proposalOf)
    const snapshotZxid = zxidIn(values.get('snapshot') ?? '0:0')
    const currentEpoch = Number(values.get('epoch') ?? 0)
    const acceptedEpoch = Number(values.get('accepted') ?? currentEpoch)
    const [snapshotBytes, logBytes] = (values.get('sizes') ?? '0,0').split(',').map(Number)
    const snapshot = snapshotZxid === 0 ? [] : [proposalOf(snapshotZxid)]
    history.sizes = { snapshotBytes, logBytes }
    history.plant({ log, snapshot, snapshotZxid, currentEpoch, acceptedEpoch })
  }

  #until(words: readonly string[]): void {
    const what = words.at(-1)!
    const servers = words.map(Number).filter((id) => id > 0)
    const isSo = (id: number): boolean => {
      const { term, engine, history } = this.#world.server(id)
      if (what === 'serve') return term !== undefined
      if (what === 'leads') return term?.role === 'leading'
      if (what === 'looks') return engine?.state === 'looking' && term === undefined
      return history.applied.at(-1)?.zxid === zxidIn(what)
    }
    this.#world.runUntil(() => servers.every(isSo))
  }

  #complete(server: ZabServer, count: number): void {
    for (let i = 0; i < count; i++)
      if (!server.completeNext()) throw new Error(`no operation of server ${server.id} waits`)
  }

  #releaseDisk(server: ZabServer): void {
    server.isDiskHeld = false
    while (server.completeNext());
  }

  #revalidate(id: string, session: string): void {
    this.#learnerTerm(id).revalidate(BigInt(session) as SessionId, 4_000)
  }

  #confirm(server: ZabServer): void {
    const { term } = server
    if (term?.role !== 'leading') throw new Error(`${server.id} does not lead`)
    term.confirmLeadership(() => this.#trace(`${server.id} is confirmed`))
  }

  #reconfigure([id, ...words]: readonly string[]): void {
    const values = valuesIn(words)
    const joining = values.get('add')
    const newMembers = values.get('members')
    const outcome = this.#at(id).reconfigure({
      joining: joining === undefined ? undefined : serverLines(joining),
      leaving: values.get('remove'),
      newMembers: newMembers === undefined ? undefined : serverLines(newMembers),
    })
    if (outcome < 0) this.#trace(`refused: ${nameOfError(outcome)}`)
  }

  #state(): void {
    for (const { id, isUp, term, engine, waitingOperations } of this.#world.servers.values()) {
      const role = term === undefined ? `${engine?.state}` : `${term.role}, epoch ${term.epoch}`
      const waits = waitingOperations.length === 0 ? '' : `; waits: ${waitingOperations.join(', ')}`
      this.#trace(`${id} ${isUp ? role : 'down'}${waits}`)
    }
  }

  #logs(): void {
    for (const { id, history } of this.#world.servers.values()) {
      const applied = history.applied.map(({ zxid }) => zxidText(zxid)).join(' ')
      const log = history.log.map(({ zxid }) => zxidText(zxid)).join(' ')
      const same = log === applied || history.snapshotZxid > 0 ? '' : `; log ${log}`
      const behind =
        history.snapshotZxid > 0 ? `; log behind ${zxidText(history.snapshotZxid)}` : ''
      this.#trace(
        `${id} ${applied}${same}${behind}; epoch ${history.currentEpoch}, accepted ${history.acceptedEpoch}`,
      )
    }
  }
}

/** Reports that say why something comes to an end, and how learners are synchronised. */
const shownReports: ReadonlySet<string> = new Set([
  'LEARNER_LEFT',
  'LEADER_WITHOUT_QUORUM',
  'LEADER_HANDED_OVER',
  'LEADER_LOST',
  'LEADER_SILENT',
  'LEADER_BROKEN',
  'EPOCH_BEHIND',
  'EPOCH_STALE',
  'PROPOSAL_GAP',
  'COMMIT_OUT_OF_ORDER',
  'MEMBERSHIP_CHANGED',
  'ZXID_ROLLOVER',
])

function serverLine(id: number, isObserver: boolean): string {
  return `server.${id}=s${id}:2888:3888:${isObserver ? 'observer' : 'participant'};2181`
}

/** Out of `1,2:observer`. */
function serverLines(text: string): string {
  return text
    .split(',')
    .map((word) => serverLine(Number.parseInt(word, 10), word.endsWith(':observer')))
    .join(',')
}

/** `1:1` or `1:1-1:4`. */
function zxidsIn(text: string): readonly Zxid[] {
  const [first, last] = text.split('-').map(zxidIn)
  const zxids: Zxid[] = []
  for (let zxid = first; zxid <= (last ?? first); zxid++) zxids.push(zxid)
  return zxids
}

function proposalOf(zxid: Zxid): Proposal {
  return { zxid, bytes: textTxn(zxid, `t${zxidText(zxid)}`) }
}

function requestOf(type: number): ForwardedRequest {
  return {
    session: 7n as SessionId,
    cxid: 1,
    type,
    body: new Uint8Array([0, 0, 0, 0]),
    identities: [{ scheme: 'ip', id: '127.0.0.1' }],
  }
}

function membersText(text: string): string {
  const members = [...text.matchAll(/server\.(\d+)=.*:(participant|observer)/g)].map(
    ([, id, role]) => (role === 'observer' ? `${id} (observer)` : id),
  )
  const version = Number.parseInt(/version=(.*)/.exec(text)![1], 16)
  return `version ${zxidText(version)}: ${members.join(' ')}`
}

function nameOfError(code: number): string {
  return Object.entries(ErrorCode).find(([, value]) => value === code)?.[0] ?? `${code}`
}

function pathIn(text: string): [number, number] {
  const [from, to] = text.split('->').map(Number)
  return [from, to]
}

function pairIn(text: string): [number, number] {
  const [a, b] = text.split('-').map(Number)
  return [a, b]
}

function valuesIn(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
  )
}

function zxidIn(text: string): Zxid {
  const [epoch, counter] = text.split(':').map(Number)
  return makeZxid(epoch, counter)
}
