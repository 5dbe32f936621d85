/**
 * The commands of election transcripts.
 *
 *     servers 1 2 3 [observers 4 5] [groups 1,2,3 4,5,6] [weights 1=0 2=3]
 *     history 2 epoch=1 zxid=1:5          zxid=none: its data are gone
 *     start 1 2                           begin an election, or the next round
 *     deliver all | deliver 1->2 3->1     the oldest message of each path
 *     drop 1->2                           what is under way there is lost
 *     disconnect 1-2 | cut 1-2 | heal 1-2
 *     crash 1
 *     advance 200                         ms of virtual time
 *     active 1 2 epoch=3                  discovery is over: they are active in this epoch
 *     tell 9->1 looking leader=9 epoch=9 zxid=9:9 round=9 [version=0]
 *     membership 5 of 1 2 version=100 voters 1 2 4 [observers 3]   …committed there, or `proposed` instead of `of`
 *     state
 */
import { makeZxid, type Notification, noVote, PeerState } from '@quorate/protocol'
import type { Membership, Vote } from '@quorate/consensus'
import { membershipOf, type MembershipShape } from '../election/election-membership.ts'
import { ElectionWorld, type Message } from '../election/election-world.ts'
import type { TranscriptWorld } from './transcript.ts'

type Command = (words: readonly string[]) => void

export class ElectionTranscript implements TranscriptWorld {
  #lines: string[] = []
  /** One notification to several servers is one line. */
  #sending: { readonly text: string; readonly from: number; readonly to: number[] } | undefined
  #world: ElectionWorld | undefined
  readonly #commands: ReadonlyMap<string, Command> = new Map<string, Command>([
    ['servers', (words) => this.#servers(words)],
    ['history', (words) => this.#history(words)],
    ['start', (words) => words.forEach((id) => this.#here.start(Number(id)))],
    ['crash', (words) => words.forEach((id) => this.#here.crash(Number(id)))],
    ['deliver', (words) => this.#deliver(words)],
    ['drop', (words) => this.#drop(words)],
    ['disconnect', (words) => this.#here.disconnect(...pairIn(words[0]))],
    ['cut', (words) => this.#here.cut(...pairIn(words[0]))],
    ['heal', (words) => this.#here.heal(...pairIn(words[0]))],
    ['advance', (words) => this.#here.advance(Number(words[0]))],
    ['active', (words) => this.#active(words)],
    ['tell', (words) => this.#tell(words)],
    ['membership', (words) => this.#membership(words)],
    ['state', () => this.#state()],
  ])

  run(words: readonly string[]): readonly string[] {
    this.#lines = []
    const command = this.#commands.get(words[0])
    if (command === undefined) throw new Error(`there is no command ${words[0]}`)
    command(words.slice(1))
    this.#endSending()
    return this.#lines
  }

  get #here(): ElectionWorld {
    if (this.#world === undefined) throw new Error('a transcript begins with the servers')
    return this.#world
  }

  #trace(line: string): void {
    this.#endSending()
    this.#lines.push(line)
  }

  #endSending(): void {
    const sending = this.#sending
    this.#sending = undefined
    if (sending !== undefined) {
      this.#lines.push(`${sending.from} -> ${sending.to.join(' ')}: ${sending.text}`)
    }
  }

  #servers(words: readonly string[]): void {
    const shape = shapeIn(['voters', ...words])
    this.#world = new ElectionWorld({
      membership: membershipOf(shape),
      serverIds: [...shape.voters, ...(shape.observers ?? [])],
      observer: {
        sent: (from, to, notification) => {
          const text = textOf(notification)
          const sending = this.#sending
          if (sending?.from === from && sending.text === text && !sending.to.includes(to)) {
            sending.to.push(to)
          } else {
            this.#endSending()
            this.#sending = { text, from, to: [to] }
          }
        },
        heard: (from, to, notification) => {
          this.#trace(`${to} hears ${from}: ${textOf(notification)}`)
        },
        decided: (id, state, vote) => this.#trace(`${id} decides: ${state}, ${voteText(vote)}`),
        voterLeft: (id, voterId) => this.#trace(`${id} sees its voter ${voterId} leave`),
        leaderLeft: (id) => this.#trace(`${id} sees its leader leave`),
        connectsToAll: (id) => this.#trace(`${id} connects to all`),
        membershipSeen: (id, text) => {
          this.#trace(`${id} sees the membership ${/version=.*/.exec(text)?.[0]}`)
        },
        reported: (id, code) => this.#trace(`${id} reports ${code}`),
      },
    })
  }

  #history([id, ...words]: readonly string[]): void {
    const values = valuesIn(words)
    const server = this.#here.server(Number(id))
    server.history = {
      currentEpoch: Number(values.get('epoch') ?? 0),
      lastZxid: zxidIn(values.get('zxid') ?? '0:0'),
    }
  }

  #deliver(words: readonly string[]): void {
    if (words[0] === 'all') {
      for (let count = 0; this.#here.deliver(); count++) {
        if (count > 1_000) throw new Error('there is no end of messages')
      }
      return
    }
    for (const word of words) {
      if (!this.#here.deliver(onPath(word))) throw new Error(`nothing is under way ${word}`)
    }
  }

  #drop(words: readonly string[]): void {
    for (const word of words) {
      if (this.#here.drop(onPath(word)) === 0) throw new Error(`nothing is under way ${word}`)
    }
  }

  #active(words: readonly string[]): void {
    const epoch = Number(valuesIn(words).get('epoch'))
    for (const word of words) {
      if (!word.includes('=')) this.#here.server(Number(word)).machine.setPeerEpoch(epoch)
    }
  }

  #tell([path, state, ...words]: readonly string[]): void {
    const [from, to] = path.split('->').map(Number)
    const values = valuesIn(words)
    const version = Number(values.get('version') ?? 1)
    this.#here.tell({
      from,
      to,
      notification: {
        state: state in PeerState ? PeerState[state as keyof typeof PeerState] : Number(state),
        leader: Number(values.get('leader')),
        zxid: zxidIn(values.get('zxid') ?? '0:0'),
        electionEpoch: Number(values.get('round')),
        peerEpoch: Number(values.get('epoch') ?? 0),
        version,
        config: undefined,
      },
    })
  }

  #membership(words: readonly string[]): void {
    const kind = words[0]
    const versionAt = words.findIndex((word) => word.startsWith('version='))
    const ids = words.slice(1, versionAt).map(Number)
    const version = Number(valuesIn(words).get('version'))
    const membership: Membership = membershipOf({
      ...shapeIn(words.slice(versionAt + 1)),
      version,
    })
    for (const id of ids) {
      const server = this.#here.serverById.get(id) ?? this.#here.add(id, membership)
      server.lastSeen = membership
      if (kind === 'committed') server.committed = membership
      else if (kind !== 'proposed') throw new Error('a membership is committed or proposed')
    }
    this.#here.membershipByText.set(membership.text, membership)
  }

  #state(): void {
    for (const { id, isUp, machine } of this.#here.servers) {
      const text = isUp ? `${machine.state}, ${voteText(machine.vote)}` : 'down'
      this.#trace(`${id} ${text}`)
    }
  }
}

function onPath(word: string): (message: Message) => boolean {
  const [from, to] = word.split('->').map(Number)
  return (message) => message.from === from && message.to === to
}

function pairIn(word: string): [number, number] {
  const [a, b] = word.split('-').map(Number)
  return [a, b]
}

function valuesIn(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
  )
}

/** `voters 1 2 3 observers 4 groups 1,2 3 weights 1=0` */
function shapeIn(words: readonly string[]): MembershipShape {
  const wordsOf = new Map<string, string[]>()
  let key = ''
  for (const word of words) {
    if (/^[a-z]+$/.test(word)) {
      key = word
      wordsOf.set(key, [])
    } else {
      wordsOf.get(key)?.push(word)
    }
  }
  const groups = wordsOf.get('groups')?.map((group) => group.split(',').map(Number))
  const weights = wordsOf.get('weights')?.map((word) => word.split('=').map(Number))
  return {
    voters: (wordsOf.get('voters') ?? []).map(Number),
    observers: (wordsOf.get('observers') ?? []).map(Number),
    ...(groups !== undefined && { groups }),
    ...(weights !== undefined && { weights: new Map(weights as [number, number][]) }),
  }
}

function zxidIn(text: string): number {
  if (text === 'none') return -1
  const [epoch, counter] = text.split(':').map(Number)
  return makeZxid(epoch, counter)
}

function zxidText(zxid: number): string {
  return zxid === -1 ? 'none' : `${Math.floor(zxid / 2 ** 32)}:${zxid % 2 ** 32}`
}

function textOf(notification: Notification): string {
  const state = Object.keys(PeerState)[notification.state] ?? `state ${notification.state}`
  return `${state}, ${voteText({ ...notification, round: notification.electionEpoch })}`
}

function voteText({ leader, zxid, round, peerEpoch }: Vote): string {
  if (leader === noVote) return `nobody, round ${round}`
  return `leader ${leader}, epoch ${peerEpoch}, zxid ${zxidText(zxid)}, round ${round}`
}
