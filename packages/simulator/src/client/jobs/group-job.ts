/** Is a member of a group, and looks at who is in it: by asking, and by following it. */
import { type Group, group, groupMember } from '@quorate/recipes'
import { keepNode } from './kept-node-job.ts'
import { type JobParts, type MemberJob, memberRoot, type Rest, waitMostMs } from './member-job.ts'

export const groupPath: string = `${memberRoot}/group`

export class GroupJob implements MemberJob {
  readonly #parts: JobParts
  readonly #group: Group<string>

  constructor(parts: JobParts) {
    const { client, zk } = parts
    this.#parts = parts
    this.#group = group(zk, groupPath)
    const path = `${groupPath}/${client}`
    keepNode(parts, {
      path,
      isEphemeral: true,
      dataOf: (value) => value,
      open: (value) => groupMember(zk, groupPath, { id: client, value }),
    })
    parts.loop(() => this.#ask())
    parts.follow(async () => {
      for await (const members of this.#group) this.#told(members, false)
    })
  }

  rest(): Rest {
    return { parent: groupPath, values: byPath(this.#group.members) }
  }

  async #ask(): Promise<void> {
    const { client, observe } = this.#parts
    observe({ type: 'lookBegun', client, parent: groupPath })
    this.#told(await this.#group.sync({ deadlineMs: waitMostMs }), true)
  }

  #told(members: ReadonlyMap<string, string>, isAnswer: boolean): void {
    const { client, observe } = this.#parts
    observe({ type: 'looked', client, parent: groupPath, values: byPath(members), isAnswer })
  }
}

function byPath(members: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...members].map(([id, value]) => [`${groupPath}/${id}`, value]))
}
