/**
 * Shares a configuration with others who write it: each version tells who wrote it, and an update also what it was made from. Now and
 * then something is written that is no configuration.
 */
import { type Config, config } from '@quorate/recipes'
import { type JobParts, type MemberJob, memberRoot, type Rest, waitMostMs } from './member-job.ts'

export const configPath: string = `${memberRoot}/config`

/** A configuration. No two have the same id. */
export interface Setting {
  readonly id: string
  /** The id of what it was made from; null for one that was made from nothing. */
  readonly after: string | null
}

/** What there is before anybody has written. */
export const firstSetting: Setting = { id: 'first', after: null }

/** @throws TypeError for what is none */
export function parseSetting(value: unknown): Setting {
  const { id, after } = (value ?? {}) as Partial<Setting>
  if (typeof id !== 'string' || (after !== null && typeof after !== 'string'))
    throw new TypeError('this is no setting')
  return { id, after }
}

/** As the recipe writes it. */
export function settingText({ id, after }: Setting): string {
  return JSON.stringify({ id, after })
}

const noSetting = 'no setting'

export class ConfigJob implements MemberJob {
  readonly #parts: JobParts
  readonly #config: Config<Setting>
  #count = 0

  constructor(parts: JobParts) {
    this.#parts = parts
    this.#config = config(parts.zk, configPath, {
      schema: { parse: parseSetting },
      default: firstSetting,
    })
    parts.loop(() => this.#step())
    parts.follow(async () => {
      for await (const setting of this.#config) this.#present(setting)
    })
  }

  rest(): Rest {
    return { config: settingText(this.#config.value) }
  }

  async #step(): Promise<void> {
    const { random, zk } = this.#parts
    const kind = random.next()
    if (kind < 0.4) await this.#update()
    else if (kind < 0.7) await this.#set()
    else if (kind < 0.85) await this.#lookBack()
    else if (kind < 0.9) await zk.set(configPath, noSetting)
    else this.#present(this.#config.value, this.#config.version)
  }

  async #update(): Promise<void> {
    let written: Setting | undefined
    const version = await this.#config.update(
      (now) => {
        written = { id: this.#newId(), after: now.id }
        return written
      },
      { deadlineMs: waitMostMs },
    )
    if (written !== undefined) this.#written(written, version)
  }

  async #set(): Promise<void> {
    const setting: Setting = { id: this.#newId(), after: null }
    this.#written(setting, await this.#config.set(setting, { deadlineMs: waitMostMs }))
  }

  async #lookBack(): Promise<void> {
    for (const { value, version } of await this.#config.history({ deadlineMs: waitMostMs }))
      this.#told(value, { version, isPresent: false })
  }

  #newId(): string {
    const { client, nowMs } = this.#parts
    return `${client}-${nowMs()}-${++this.#count}`
  }

  #written(setting: Setting, version: number): void {
    const { client, observe } = this.#parts
    observe({ type: 'configWritten', client, value: settingText(setting), version })
  }

  /** The configuration as it is, by the recipe's account. */
  #present(setting: Setting, version?: number): void {
    this.#told(setting, { version, isPresent: true })
  }

  #told(
    setting: Setting,
    more: { readonly version: number | undefined; readonly isPresent: boolean },
  ): void {
    const { client, observe } = this.#parts
    observe({ type: 'configSeen', client, value: settingText(setting), ...more })
  }
}
