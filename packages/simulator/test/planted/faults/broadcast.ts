/** Proposals and commits. */
import type { PlantedFault } from '../planted-fault.ts'

export const broadcastFaults: readonly PlantedFault[] = [
  {
    name: 'minority-commits',
    explanation: 'A leader commits what is on its own disk.',
    edits: [
      {
        file: 'consensus/src/zab/broadcast.ts',
        original: '    if (!committed.quorums.isQuorum(isIn)) return false\n    const pending',
        planted: '    if (!isIn(this.#parts.serverId)) return false\n    const pending',
      },
    ],
  },
  {
    name: 'commits-out-of-order',
    explanation: 'Of two proposals that can be committed a leader delivers the later one first.',
    edits: [
      {
        file: 'consensus/src/zab/proposal-window.ts',
        original: '    const proposal = this.#proposals[this.#undelivered++]!\n',
        planted: `    const at = this.#undelivered++
    const [first, second] = [this.#proposals[at]!, this.#proposals[at + 1]]
    if (second !== undefined && first.zxid % 64 === 7) {
      this.#proposals[at] = second
      this.#proposals[at + 1] = first
    }
    const proposal = this.#proposals[at]!
`,
      },
    ],
  },
  {
    name: 'delivered-before-commit',
    explanation:
      'A follower delivers a proposal, and answers its client, without waiting for the COMMIT.',
    edits: [
      {
        file: 'consensus/src/zab/learned-history.ts',
        original: 'ports.history.append(window.push(zxid, bytes, start, end))\n',
        planted: `ports.history.append(window.push(zxid, bytes, start, end))
    while (window.head !== undefined) this.#owner.deliver(window.deliverNext())
`,
      },
    ],
  },
  {
    name: 'one-quorum-while-reconfiguring',
    explanation: 'A reconfiguration is committed by a quorum of the old membership alone.',
    edits: [
      {
        file: 'consensus/src/zab/broadcast.ts',
        original:
          'return pending === undefined || zxid < pending.zxid || pending.membership.quorums.isQuorum(isIn)',
        planted: 'return true',
      },
      {
        file: 'consensus/src/zab/leading-term.ts',
        original:
          '    if (!plan.membership.quorums.isQuorum(isInStep)) return ErrorCode.NewConfigNoQuorum\n',
        planted: '',
      },
    ],
  },
  {
    name: 'fast-forward-skipped',
    jira: 'ZOOKEEPER-2845',
    explanation:
      'When a role ends, what is in the log and was not committed is counted as delivered and never applied.',
    edits: [
      {
        file: 'consensus/src/zab/zab-engine.ts',
        original: '          this.#ports.history.apply(proposal)\n',
        planted: '',
      },
    ],
  },
  {
    name: 'forwarded-requests-reordered',
    explanation: 'A follower hands some requests to its leader behind the one that comes next.',
    edits: [
      {
        file: 'consensus/src/zab/learning-term.ts',
        original: '    writeRequestPacket(channel.writer, sent, identities)\n',
        planted: `    const late = (this as any).late
    ;(this as any).late = late === undefined && request.cxid % 8 === 3 ? sent : undefined
    if ((this as any).late === undefined)
      writeRequestPacket(channel.writer, sent, identities)
    if (late !== undefined) writeRequestPacket(channel.writer, late, late.identities)
`,
      },
      {
        file: 'consensus/src/zab/learning-term.ts',
        original: '    this.#parts.turnEnded()\n',
        planted: `    const late = (this as any).late
    ;(this as any).late = undefined
    if (late !== undefined)
      writeRequestPacket(this.#parts.channel.writer, late, late.identities)
    this.#parts.turnEnded()
`,
      },
    ],
  },
]
