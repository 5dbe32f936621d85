/** What `quorate ensemble` was asked for. Undefined: what the folder holds, and for a new folder the default. */
import { parseArgs } from 'node:util'

export interface EnsembleOptions {
  readonly folder: string
  /** Voters. */
  readonly size: number | undefined
  readonly observers: number | undefined
  /** Of the first member; 0 takes free ones for all. */
  readonly clientPort: number | undefined
}

const membersMax = 9

/** @throws Error that says which argument is wrong, and what is allowed */
export function parseEnsembleArguments(args: readonly string[]): EnsembleOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string' },
      observers: { type: 'string' },
      'data-dir': { type: 'string', default: 'quorate-data' },
      'client-port': { type: 'string' },
    },
  })
  return {
    folder: values['data-dir'],
    size: whole('--size', values.size, { min: 1, max: membersMax }),
    observers: whole('--observers', values.observers, { min: 0, max: membersMax }),
    clientPort: whole('--client-port', values['client-port'], { min: 0, max: 65_000 }),
  }
}

function whole(
  name: string,
  text: string | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new Error(`found ${name} ${text}; expected a whole number from ${min} to ${max}`)
}
