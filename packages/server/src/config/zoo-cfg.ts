/**
 * Reads the syntax of zoo.cfg, which is that of Java's property files: `key=value`, `key: value` or `key value`, comments
 * after `#` or `!`, a backslash at the end of a line that continues it, and the escapes \t \n \r \f \uXXXX.
 */
import { ConfigError } from './config-problem.ts'

export interface CfgEntry {
  readonly key: string
  readonly value: string
  /** The line the entry starts on, from 1. */
  readonly line: number
  /** The line it ends on: a backslash continues it over several. */
  readonly lastLine: number
}

/**
 * The entries in the order of the file; a key may occur more than once.
 * @param fileName for messages only
 * @throws ConfigError CONFIG_UNREADABLE for a malformed \u escape
 */
export function parseZooCfg(text: string, fileName: string): readonly CfgEntry[] {
  const entries: CfgEntry[] = []
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
  for (let at = 0; at < lines.length; at++) {
    const first = at
    let logical = trimStart(lines[at]!)
    if (logical === '' || logical[0] === '#' || logical[0] === '!') continue
    while (isContinued(logical)) {
      logical = logical.slice(0, -1)
      if (at + 1 === lines.length) break
      logical += trimStart(lines[++at]!)
    }
    const split = splitAt(logical)
    const where = `${fileName} line ${first + 1}`
    entries.push({
      key: unescape(logical.slice(0, split.keyEnd), where).trim(),
      // As Apache's reader does: properties keep spaces at the end of a value, a configuration must not.
      value: unescape(logical.slice(split.valueStart), where).trim(),
      line: first + 1,
      lastLine: Math.min(at, lines.length - 1) + 1,
    })
  }
  return entries
}

function trimStart(line: string): string {
  return line.replace(/^[ \t\f]+/, '')
}

/** Whether an odd number of backslashes ends the line. */
function isContinued(line: string): boolean {
  let count = 0
  while (count < line.length && line[line.length - 1 - count] === '\\') count++
  return count % 2 === 1
}

/** The key ends at the first unescaped `=`, `:` or space; one `=` or `:` with spaces around it separates it from the value. */
function splitAt(line: string): { readonly keyEnd: number; readonly valueStart: number } {
  let keyEnd = 0
  while (keyEnd < line.length && !/[=: \t\f]/.test(line[keyEnd]!)) {
    keyEnd += line[keyEnd] === '\\' ? 2 : 1
  }
  keyEnd = Math.min(keyEnd, line.length)
  const separator = /^[ \t\f]*[=:]?[ \t\f]*/.exec(line.slice(keyEnd))!
  return { keyEnd, valueStart: keyEnd + separator[0].length }
}

const controlEscapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescape(text: string, where: string): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\(u[0-9A-Fa-f]{4}|[^])/g, (_, escaped: string) => {
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    if (escaped === 'u') {
      throw new ConfigError(
        'CONFIG_UNREADABLE',
        `${where}: found \\u without four hexadecimal digits; write \\u0041 for "A", or \\\\u for a backslash and a u`,
      )
    }
    return controlEscapes[escaped] ?? escaped
  })
}
