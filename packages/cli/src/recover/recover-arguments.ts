/** The arguments of `quorate recover`. */
import { parseArgs } from 'node:util'

/** A survivor as it was named on the command line: `ZOO.CFG`, `ZOO.CFG:DATADIR[:LOGDIR]` or `DATADIR[:LOGDIR]`. */
export interface SurvivorName {
  readonly text: string
  /** Undefined for a bare data directory. */
  readonly configFile: string | undefined
  /** Undefined: where zoo.cfg says. */
  readonly dataDir: string | undefined
  readonly dataLogDir: string | undefined
}

export interface RecoverArguments {
  readonly action: 'help' | 'plan' | 'commit'
  readonly survivors: readonly SurvivorName[]
  readonly wantsJson: boolean
  /** How many transactions of a survivor are listed. */
  readonly listedMax: number
}

/** @throws Error that says which argument is wrong, and what is allowed */
export function parseRecoverArguments(args: readonly string[]): RecoverArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      plan: { type: 'boolean', default: false },
      commit: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      'data-dir': { type: 'string', multiple: true, default: [] },
      list: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { plan, commit, yes } = values
  const survivors = [
    ...positionals.map(configName),
    ...values['data-dir'].map((text) => dataName(text)),
  ]
  const parsed = { survivors, wantsJson: values.json, listedMax: countOf(values.list) }
  if (values.help) return { ...parsed, action: 'help' }
  if (plan === commit) throw new Error('one of --plan and --commit is needed')
  if (survivors.length === 0)
    throw new Error('no survivor was named; name the zoo.cfg of each, or its data directory')
  if (plan || values['dry-run']) return { ...parsed, action: 'plan' }
  if (!yes) throw new Error('--commit changes files and needs --yes; --plan shows what it would do')
  return { ...parsed, action: 'commit' }
}

function configName(text: string): SurvivorName {
  const [configFile, dataDir, dataLogDir] = partsOf(text, 3)
  return { text, configFile, dataDir, dataLogDir }
}

function dataName(text: string): SurvivorName {
  const [dataDir, dataLogDir] = partsOf(text, 2)
  return { text, configFile: undefined, dataDir, dataLogDir }
}

function partsOf(text: string, countMax: number): readonly string[] {
  const parts = text.split(':')
  if (parts.length <= countMax && parts.every((part) => part !== '')) return parts
  throw new Error(`found "${text}"; ZOO.CFG[:DATADIR[:LOGDIR]] or --data-dir DATADIR[:LOGDIR]`)
}

function countOf(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new Error(`found --list ${text}; a number of transactions is expected`)
}
