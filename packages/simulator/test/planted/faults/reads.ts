/** What clients are shown. */
import type { PlantedFault } from '../planted-fault.ts'

export const readFaults: readonly PlantedFault[] = [
  {
    name: 'sync-answered-by-follower',
    explanation: 'A follower answers a sync by itself, without asking its leader.',
    edits: [
      {
        file: 'replica/src/roles/learner-authority.ts',
        original: `    this.#syncs.push(answered)
    this.#term.sync(forwardedOf(request, OpCode.sync, body))`,
        planted: '    answered()',
      },
    ],
  },
  {
    name: 'linearizable-read-unconfirmed',
    explanation:
      'A leader answers syncs and linearizable reads without asking whether it still leads.',
    edits: [
      {
        file: 'replica/src/roles/leader-authority.ts',
        original: 'this.#term.confirmLeadership(() => {\n      this.#confirmationCount--',
        planted: ';((confirm: () => void) => confirm())(() => {\n      this.#confirmationCount--',
      },
      {
        file: 'replica/src/roles/leader-authority.ts',
        original: 'this.#term.confirmLeadership(() => this.#term.answerSync(learner))',
        planted: 'this.#term.answerSync(learner)',
      },
    ],
  },
  {
    name: 'confirmed-by-minority',
    explanation: 'The first answer to a ping, or none at all, confirms a leadership.',
    edits: [
      {
        file: 'consensus/src/zab/leadership-confirmation.ts',
        original: '    if (!isConfirmed) {\n',
        planted: '    if (false) {\n',
      },
    ],
  },
  {
    name: 'served-while-looking',
    explanation: 'Clients are served on when the term has ended.',
    edits: [
      {
        file: 'replica/src/member/ensemble-member.ts',
        original: `  termEnded(): void {
    this.#endService()
`,
        planted: '  termEnded(): void {\n',
      },
    ],
  },
  {
    name: 'read-overtakes-write',
    explanation: 'A read is answered while a write before it on the same connection is under way.',
    edits: [
      {
        file: 'replica/src/request-router.ts',
        original: `} else if (connection.writesSubmitted === connection.writesAnswered) {
      this.#answer(connection, bytes, start, end, connection.receivedAtMs)`,
        planted: `} else if (true) {
      this.#answer(connection, bytes, start, end, connection.receivedAtMs)`,
      },
    ],
  },
  {
    name: 'replies-out-of-order',
    explanation: 'An answer that is ready goes out, whatever is asked for before it.',
    edits: [
      {
        file: 'replica/src/reply-order.ts',
        original: `else if (request.ordinal === connection.writesAnswered + 1) {
      connection.endReply()`,
        planted: `else if (true) {
      connection.endReply()`,
      },
      {
        file: 'replica/src/reply-order.ts',
        original: `else if (request.ordinal === connection.writesAnswered + 1) {
      answer()`,
        planted: `else if (true) {
      answer()`,
      },
    ],
  },
]
