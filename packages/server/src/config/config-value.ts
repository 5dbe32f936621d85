/** Turns the text of a value into what it means, or into a sentence that says what would be allowed. */
import type { ConfigKey, ValueKind } from './config-key.ts'

export type ConfigValue = number | boolean | string

/** A value, or (as `problem`) what is allowed and an example. */
export type ParsedValue =
  | { readonly value: ConfigValue; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string }

export function parseValue(key: ConfigKey, raw: string): ParsedValue {
  const value = valueOf(key.kind, raw)
  if (value !== undefined) return { value }
  return {
    problem: `allowed is ${describeKind(key.kind)}; write for example ${key.name}=${exampleOf(key)}`,
  }
}

function valueOf(kind: ValueKind, raw: string): ConfigValue | undefined {
  switch (kind.type) {
    case 'integer':
      return within(kind, /^[+-]?\d{1,15}$/.test(raw) ? Number(raw) : Number.NaN)
    case 'decimal':
      return within(kind, /^[+-]?\d*\.?\d+$/.test(raw) ? Number(raw) : Number.NaN)
    case 'switch':
      return switches[raw.toLowerCase()]
    case 'choice':
      return kind.choices.find((choice) => choice.toLowerCase() === raw.toLowerCase())
    case 'interval':
      return intervalOf(raw, kind.bareUnitMs)
    default:
      return raw === '' ? undefined : raw
  }
}

const switches: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  false: false,
  no: false,
}

function within(
  range: { readonly min: number; readonly max: number },
  value: number,
): number | undefined {
  return value >= range.min && value <= range.max ? value : undefined
}

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Apache's parser allows a negative purge interval and takes it for "never". */
function intervalOf(raw: string, bareUnitMs: number): number | undefined {
  const match = /^(-?\d{1,9})(ms|s|m|h|d)?$/.exec(raw)
  if (match === null) return undefined
  const unitMs = match[2] === undefined ? bareUnitMs : unitsMs[match[2]]!
  return Math.max(0, Number(match[1]) * unitMs)
}

/** What a value of this kind may be, as the middle of a sentence. */
export function describeKind(kind: ValueKind): string {
  switch (kind.type) {
    case 'integer':
      return `a whole number from ${kind.min} to ${kind.max}${kind.unit === '' ? '' : ` (${kind.unit})`}`
    case 'decimal':
      return `a number from ${kind.min} to ${kind.max}`
    case 'switch':
      return 'true or false (or yes or no)'
    case 'choice':
      return `one of ${kind.choices.map((choice) => (choice === '' ? '(empty)' : choice)).join(', ')}`
    case 'interval':
      return 'a whole number, optionally with ms, s, m, h or d behind it'
    default:
      return kind.form
  }
}

function exampleOf(key: ConfigKey): string {
  if (key.default !== undefined) return key.default
  switch (key.kind.type) {
    case 'integer':
      return key.name.endsWith('Port') ? '2181' : String(Math.max(key.kind.min, 0))
    case 'decimal':
      return String(key.kind.min)
    case 'switch':
      return 'true'
    case 'choice':
      return key.kind.choices[0]!
    case 'interval':
      return '1h'
    default:
      return `<${key.kind.form}>`
  }
}
