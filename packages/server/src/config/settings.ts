/**
 * Gathers the values of all keys from their sources. Later sources win:
 *
 * 1. system properties in SERVER_JVMFLAGS, then in JVMFLAGS (the order in which Apache's start script lines them up);
 * 2. zoo.cfg, which in Apache ZooKeeper overwrites system properties too;
 * 3. the command line.
 */
import type { ConfigKey } from './config-key.ts'
import { findKey, findKeyOfProperty, nearestKey } from './config-keys.ts'
import {
  ConfigError,
  type ConfigNotice,
  describeSource,
  type ValueSource,
} from './config-problem.ts'
import { type ConfigValue, parseValue } from './config-value.ts'
import type { SystemProperty } from './jvm-flags.ts'
import type { CfgEntry } from './zoo-cfg.ts'

export interface RawSetting {
  /** As it was spelled, which for a family of keys (`ssl.*`) is more than the key's name. */
  readonly name: string
  readonly value: string
  readonly source: ValueSource
}

export class Settings {
  readonly notices: ConfigNotice[] = []
  readonly #settingsByKey = new Map<ConfigKey, RawSetting[]>()
  /** A key may be read more than once. */
  readonly #problems = new Set<string>()

  addProperties(properties: readonly SystemProperty[]): void {
    for (const { name, value, origin } of properties) {
      const key = findKeyOfProperty(name)
      const source = { origin: `${origin} (-D${name})`, line: undefined }
      if (key !== undefined) this.#put(key, { name: key.name, value, source })
      else if (name.startsWith('zookeeper.')) this.#noticeProperty(name, origin)
    }
  }

  #noticeProperty(name: string, origin: string): void {
    const rest = name.slice('zookeeper.'.length)
    const key = findKey(rest)
    if (key === undefined && /^(log|root|console|tracelog|jmx|client|auth)\b/.test(rest)) return
    const advice =
      key === undefined
        ? 'no such property is known'
        : `${key.name} has no system property; set it in zoo.cfg or with --set ${key.name}=…`
    this.#notice('warn', 'CONFIG_PROPERTY_IGNORED', `${origin}: -D${name} is ignored: ${advice}`)
  }

  addFile(entries: readonly CfgEntry[], fileName: string): void {
    const linesByName = new Map<string, number>()
    for (const { key: name, value, line } of entries) {
      const source = { origin: fileName, line }
      const key = findKey(name)
      if (key === undefined) {
        this.#noticeUnknown(name, source)
        continue
      }
      const before = linesByName.get(name)
      if (before !== undefined) {
        const message = `${describeSource(source)}: ${name} was already set in line ${before}; this later line counts`
        this.#notice('warn', 'CONFIG_KEY_REPEATED', message)
      }
      linesByName.set(name, line)
      this.#put(key, { name, value, source })
    }
  }

  /** One value from the command line; a name that does not exist is an error there, since somebody has just typed it. */
  addFlag(name: string, value: string, origin: string): void {
    const key = findKey(name)
    if (key !== undefined) this.#put(key, { name, value, source: { origin, line: undefined } })
    else this.#problems.add(`${origin}: there is no key ${name}${suggestion(name)}`)
  }

  #put(key: ConfigKey, setting: RawSetting): void {
    const others = (this.#settingsByKey.get(key) ?? []).filter((other) =>
      key.name.endsWith('.*') ? other.name !== setting.name : false,
    )
    this.#settingsByKey.set(key, [...others, setting])
  }

  #noticeUnknown(name: string, source: ValueSource): void {
    const message = `${describeSource(source)}: the key ${name} is not known and has no effect${suggestion(name)}`
    this.#notice('warn', 'CONFIG_KEY_UNKNOWN', message)
  }

  #notice(level: ConfigNotice['level'], code: string, message: string): void {
    this.notices.push({ level, code, message })
  }

  /** What was set for a key or a family of keys, as text. */
  raw(name: string): readonly RawSetting[] {
    return this.#settingsByKey.get(keyNamed(name)) ?? []
  }

  integer(name: string): number {
    return this.#value(name, 'number') as number
  }

  decimal(name: string): number {
    return this.#value(name, 'number') as number
  }

  switch(name: string): boolean {
    return this.#value(name, 'boolean') as boolean
  }

  text(name: string): string {
    return this.#value(name, 'string') as string
  }

  /** The value of a key without default, or undefined when it was not set. */
  optional(name: string): ConfigValue | undefined {
    const key = keyNamed(name)
    const setting = this.#settingsByKey.get(key)?.at(-1)
    if (setting === undefined) return undefined
    const parsed = parseValue(key, setting.value)
    if (parsed.problem === undefined) return parsed.value
    const found = `${describeSource(setting.source)}: found ${setting.name}=${setting.value}`
    this.#problems.add(`${found}; ${parsed.problem}`)
    return undefined
  }

  #value(name: string, type: 'number' | 'boolean' | 'string'): ConfigValue {
    const key = keyNamed(name)
    const value = this.optional(name) ?? parseValue(key, key.default ?? '').value
    // A text key whose default is "" has no value that parses: the empty text is meant.
    if (typeof value === type) return value!
    throw new Error(`the key ${name} has no default of type ${type}: read it with optional()`)
  }

  /**
   * Tells of keys that were set to something else than their default and do nothing.
   * @param isEnsemble if not, the keys of ensembles do nothing, and that is all that is to be said of them
   * @throws ConfigError CONFIG_UNSUPPORTED when one of them must not be ignored
   */
  noticeInertKeys(isEnsemble: boolean): void {
    for (const [key, settings] of this.#settingsByKey) {
      const isIdle = key.isOfEnsembles && !isEnsemble
      if (key.acts && !isIdle) continue
      const reason = isIdle ? standaloneReason : key.reason
      const whenInert = isIdle ? 'note' : key.whenInert
      for (const { name, value, source } of settings) {
        if (value.toLowerCase() === key.default?.toLowerCase()) continue
        const found = `${describeSource(source)}: ${name}=${value}`
        if (whenInert === 'refuse') {
          const advice = `remove the line if the server may start without it`
          throw new ConfigError(
            'CONFIG_UNSUPPORTED',
            `${found} cannot be honoured: ${reason}; ${advice}`,
          )
        }
        const level = whenInert === 'note' ? 'info' : 'warn'
        this.#notice(level, 'CONFIG_KEY_INERT', `${found} has no effect: ${reason}`)
      }
    }
  }

  /** @throws ConfigError CONFIG_VALUE_INVALID with all values that could not be read, one a line */
  throwProblems(): void {
    if (this.#problems.size === 0) return
    throw new ConfigError('CONFIG_VALUE_INVALID', [...this.#problems].join('\n'))
  }
}

const standaloneReason = 'the server runs standalone; the key belongs to ensembles'

function suggestion(name: string): string {
  const nearest = nearestKey(name)
  return nearest === undefined ? '' : `; did you mean ${nearest.name}?`
}

function keyNamed(name: string): ConfigKey {
  const key = findKey(name)
  if (key === undefined) throw new Error(`the table of keys has no ${name}`)
  return key
}
