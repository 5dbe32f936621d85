/**
 * The words of a command, sorted into options and arguments by the rules that zkCli's users know: options may stand
 * anywhere, flags may be joined (`-sw`), a value may be joined or follow (`-v5`, `-v 5`), and `--` ends the options.
 */
import { CommandError } from './command-error.ts'

export interface OptionNames {
  /** Options without a value. */
  readonly flags?: readonly string[]
  /** Options with one. */
  readonly values?: readonly string[]
}

export class Invocation {
  /** What is not an option, without the command's name. */
  readonly arguments: readonly string[]
  readonly #flags: ReadonlySet<string>
  readonly #values: ReadonlyMap<string, string>

  constructor(
    positional: readonly string[],
    flags: ReadonlySet<string>,
    values: ReadonlyMap<string, string>,
  ) {
    this.arguments = positional
    this.#flags = flags
    this.#values = values
  }

  has(option: string): boolean {
    return this.#flags.has(option) || this.#values.has(option)
  }

  value(option: string): string | undefined {
    return this.#values.get(option)
  }

  /** An option's value as a whole number. @throws CommandError when it is none */
  integer(option: string, limits: { readonly kind: 'int' | 'long' }): number | undefined {
    const text = this.#values.get(option)
    if (text === undefined) return undefined
    const number = Number(text)
    const isInteger = /^[+-]?\d+$/.test(text) && Number.isSafeInteger(number)
    if (isInteger && (limits.kind === 'long' || number === (number | 0))) return number
    const article = limits.kind === 'int' ? 'an' : 'a'
    throw new CommandError(`-${option} argument must be ${article} ${limits.kind} value`)
  }
}

/** @throws CommandError for an unknown option and for one whose value is missing */
export function parseInvocation(words: readonly string[], names: OptionNames): Invocation {
  const positional: string[] = []
  const flags = new Set<string>()
  const values = new Map<string, string>()
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      positional.push(...rest)
      break
    }
    if (!looksLikeOption(word)) positional.push(word)
    else takeOption(word, rest, names, flags, values)
  }
  return new Invocation(positional, flags, values)
}

function takeOption(
  word: string,
  rest: string[],
  { flags: flagNames = [], values: valueNames = [] }: OptionNames,
  flags: Set<string>,
  values: Map<string, string>,
): void {
  const body = word.replace(/^--?/, '')
  if (flagNames.includes(body)) {
    flags.add(body)
    return
  }
  if (valueNames.includes(body)) {
    const value = rest.shift()
    if (value === undefined || looksLikeOption(value))
      throw new CommandError(`Missing argument for option: ${body}`)
    values.set(body, value)
    return
  }
  const joined = valueNames.find((name) => body.startsWith(name))
  if (joined !== undefined) {
    values.set(joined, body.slice(joined.length).replace(/^=/, ''))
    return
  }
  const letters = body.split('')
  if (!letters.every((letter) => flagNames.includes(letter)))
    throw new CommandError(`Unrecognized option: ${word}`)
  for (const letter of letters) flags.add(letter)
}

/** A lone dash and a negative number are arguments. */
function looksLikeOption(word: string): boolean {
  return word.length > 1 && word.startsWith('-') && !/^-\d+(\.\d+)?$/.test(word)
}
