/** The version that clients and tools see. */
import { statSync } from 'node:fs'

/** The version of the packages; a test keeps it equal to package.json. */
export const packageVersion = '0.1.0'

/**
 * Starts with the version of Apache ZooKeeper whose features are spoken: clients cut off what follows the digits and
 * decide by it what they may ask for. The date is when this build was written.
 */
export function serverVersion(): string {
  const builtAt = statSync(import.meta.filename).mtime.toISOString()
  const date = `${builtAt.slice(0, 10)} ${builtAt.slice(11, 16)} UTC`
  return `3.9.4-quorate-${packageVersion}, built on ${date}`
}
