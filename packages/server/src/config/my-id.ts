/** The file `myid` in the data directory: the number of this server among the server lines, in the first line. */
import { ConfigError } from './config-problem.ts'

/**
 * @param path for messages only
 * @param text undefined: there is no such file
 * @throws ConfigError MYID_MISSING or MYID_INVALID
 */
export function parseMyId(path: string, text: string | undefined): number {
  if (text === undefined) {
    throw new ConfigError(
      'MYID_MISSING',
      `the myid file is missing: a member of an ensemble has its number in ${path}; write it there, for example with: echo 1 > ${path}`,
    )
  }
  const line = text.split(/\r\n|\n|\r/, 1)[0]!
  const id = /^\+?\d{1,16}$/.test(line) ? Number(line) : Number.NaN
  if (Number.isSafeInteger(id)) return id
  throw new ConfigError(
    'MYID_INVALID',
    `${path}: found "${line.slice(0, 40)}" in the first line; expected is the number of this server's line server.N, and nothing else, for example 1`,
  )
}
