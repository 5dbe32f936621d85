import { OpCode, type TxnBody } from '@quorate/protocol'
import { parseSetting, type Setting } from '../client/jobs/config-job.ts'
import type { CommittedTree } from '../history/committed-tree.ts'
import type { ConfigSeen, ConfigWritten, Observation, Rested } from '../history/observation.ts'
import { charsOf } from '../history/tree-view.ts'
import { CommittedCursor } from '../history/txn-history.ts'
import { effectiveBodies } from '../history/txn-steps.ts'
import { type Checker, committingTypes } from './checker.ts'

/**
 * A configuration is what was committed, version after version.
 *
 * 1. Each version that the recipe wrote is in the history, written with the same transaction; none is written twice.
 * 2. What was made from a version follows that one: nobody's work is undone unseen.
 * 3. A write that the recipe says was made has the version that it says.
 * 4. What is seen was committed, is valid, and is never followed by something that came before it.
 * 5. When nothing has happened for a while, everybody has the last version, unless that is not valid.
 */
export class ConfigVersions implements Checker {
  readonly name = 'config-versions'
  readonly reads: Checker['reads'] = [
    ...committingTypes,
    'configSeen',
    'configWritten',
    'memberEnded',
    'rested',
  ]
  readonly #cursor: CommittedCursor
  readonly #path: string
  readonly #versionByValue = new Map<string, number>()
  readonly #seenByClient = new Map<string, number>()
  #present: { readonly version: number; readonly value: string }

  /** @param first what everybody has before there is a version */
  constructor(
    committed: CommittedTree,
    { path, first }: { readonly path: string; readonly first: string },
  ) {
    this.#cursor = new CommittedCursor(committed.history)
    this.#path = path
    this.#present = { version: -1, value: first }
    this.#versionByValue.set(first, -1)
  }

  observe(observation: Observation): string | undefined {
    const problem = this.#follow()
    if (problem !== undefined) return problem
    switch (observation.type) {
      case 'configSeen':
        return this.#seen(observation)
      case 'configWritten':
        return this.#written(observation)
      case 'memberEnded':
        this.#seenByClient.delete(observation.client)
        return undefined
      case 'rested':
        return this.#rested(observation)
      default:
        return undefined
    }
  }

  #follow(): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const bodies = effectiveBodies(next.txn)
      for (const body of bodies) {
        const value = writtenTo(this.#path, body)
        const problem = value === undefined ? undefined : this.#committed(value, bodies)
        if (problem !== undefined) return problem
      }
    }
    return undefined
  }

  #committed(value: string, bodies: readonly TxnBody[]): string | undefined {
    const before = this.#present
    const version = before.version + 1
    this.#present = { version, value }
    const setting = settingOf(value)
    if (setting === undefined) return undefined
    const what = `version ${version} of ${this.#path}, ${value},`
    if (this.#versionByValue.has(value)) return `${what} is written a second time`
    this.#versionByValue.set(value, version)
    const name = `${this.#path}/history/${String(version).padStart(10, '0')}`
    if (!bodies.some((body) => writtenTo(name, body) === value))
      return `${what} is not in the history`
    const { after } = setting
    return after === null || settingOf(before.value)?.id === after
      ? undefined
      : `${what} was made from ${after}, and follows ${before.value}`
  }

  #seen({ client, value, version, isPresent }: ConfigSeen): string | undefined {
    const seen = this.#versionByValue.get(value)
    if (seen === undefined)
      return `${client} sees ${value} in ${this.#path}, which it was not until then`
    if (version !== undefined && seen !== version)
      return `${client} sees ${value} as version ${version}, which is version ${seen}`
    if (!isPresent) return undefined
    const last = this.#seenByClient.get(client) ?? -1
    this.#seenByClient.set(client, seen)
    return seen >= last
      ? undefined
      : `${client} sees version ${seen} of ${this.#path}, after version ${last}`
  }

  #written({ client, value, version }: ConfigWritten): string | undefined {
    const written = this.#versionByValue.get(value)
    if (written === version) return undefined
    return `${client} was told that ${value} is version ${version} of ${this.#path}, which it is not`
  }

  #rested({ client, config }: Rested): string | undefined {
    const { value } = this.#present
    if (config === undefined) return undefined
    if (settingOf(value) === undefined || config === value) return undefined
    return `${client} has ${config} in the end, and ${this.#path} holds ${value}`
  }
}

function settingOf(text: string): Setting | undefined {
  try {
    return parseSetting(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** What a part of a transaction writes to a node. */
function writtenTo(path: string, body: TxnBody): string | undefined {
  const { type } = body
  const isWrite = type === OpCode.setData || type === OpCode.create || type === OpCode.create2
  return isWrite && body.path === path ? (charsOf(body.data) ?? '') : undefined
}
