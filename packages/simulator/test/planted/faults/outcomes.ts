/** What servers say of writes whose answers were lost, and what the client makes of it. */
import type { PlantedFault } from '../planted-fault.ts'

export const outcomeFaults: readonly PlantedFault[] = [
  {
    name: 'outcomes-without-fence',
    explanation: 'A server says what became of a write while it may still be carried out.',
    edits: [
      {
        file: 'replica/src/outcome-handler.ts',
        original: 'this.#authority.fence(request, (err) => {',
        planted: '[ErrorCode.Ok].forEach((err) => {',
      },
    ],
  },
  {
    name: 'ended-without-fence',
    explanation:
      'A server says what became of a write of a lost session while the session may still live.',
    hasRecipes: true,
    edits: [
      {
        file: 'replica/src/outcome-handler.ts',
        original: 'this.#authority.fenceEnded(request, id, (isOver) => {',
        planted: '[true].forEach((isOver) => {',
      },
    ],
  },
  {
    name: 'fence-passes-proposals',
    explanation:
      'A leader says what became of a write when it knows that it leads, but not what becomes of its proposals.',
    hasRecipes: true,
    edits: [
      {
        file: 'replica/src/roles/leader-authority.ts',
        original: 'this.#pipeline.fence(this.#fenceOf(session), () => fenced(err))',
        planted: 'this.#term.confirmLeadership(() => fenced(err), 0)',
      },
      // Of itself a confirmation waits for what was proposed before it, and would be as good a fence.
      {
        file: 'consensus/src/zab/leading-term.ts',
        original: `confirmLeadership(confirmed: () => void): void {
    if (this.#parts.life.isOver) return
    this.#parts.confirmation.ask(confirmed)`,
        planted: `confirmLeadership(confirmed: () => void, after?: Zxid): void {
    if (this.#parts.life.isOver) return
    this.#parts.confirmation.ask(confirmed, after)`,
      },
      {
        file: 'consensus/src/zab/leadership-confirmation.ts',
        original: `ask(confirmed: () => void): void {
    this.#asked.push({ after: this.#parts.lastProposed(), confirmed })`,
        planted: `ask(confirmed: () => void, after = this.#parts.lastProposed()): void {
    this.#asked.push({ after, confirmed })`,
      },
    ],
  },
  {
    name: 'outcomes-forgotten',
    explanation: 'A server takes a write whose outcome it has forgotten for one that never was.',
    hasRecipes: true,
    edits: [
      {
        file: 'tree/src/outcome-table.ts',
        original: "floor <= after ? { type: 'neverApplied' } : { type: 'unknown' }",
        planted: "{ type: 'neverApplied' }",
      },
    ],
  },
  {
    name: 'outcomes-not-recovered',
    explanation:
      'A server that starts from a snapshot believes that there were no writes before it.',
    hasRecipes: true,
    edits: [
      {
        file: 'tree/src/store-loader.ts',
        original: 'this.#outcomes.beginWithout(zxid)',
        planted: 'this.#outcomes.beginWithout(0)',
      },
    ],
  },
  {
    name: 'client-numbers-anew',
    explanation: 'On each connection the client numbers its requests from 1.',
    edits: [
      {
        file: 'client/src/session.ts',
        original: 'new Connection(link, this.#world, this.#xids, options, {',
        planted: 'new Connection(link, this.#world, new XidSequence(), options, {',
      },
    ],
  },
]
