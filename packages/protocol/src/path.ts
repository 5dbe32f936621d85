/**
 * The syntax of znode paths (PathUtils.validatePath): starts with '/', no trailing '/' but for the root, no empty, "." or
 * ".." component, no control or private-use characters.
 */
import { utf8Decode } from './utf8.ts'

/** What is wrong with `path`, as a clause that follows "because", or undefined when it is valid. */
export function pathProblem(path: string): string | undefined {
  if (path.length === 0) return 'it is empty'
  if (path[0] !== '/') return 'it does not start with /'
  if (path.length === 1) return undefined
  if (path.endsWith('/')) return 'it ends with /'
  const components = path.slice(1).split('/')
  if (components.includes('')) return 'it has an empty component'
  if (components.includes('.') || components.includes('..')) return 'it has a relative component'
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i)
    if (isForbiddenUnit(unit))
      return `it has the character U+${unit.toString(16).padStart(4, '0')} at index ${i}`
  }
  return undefined
}

/** {@link pathProblem} on UTF-8: decides printable ASCII, which is nearly every path, without making a string. */
export function isValidPath(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start === 1) return bytes[start] === slash
  if (end === start || bytes[start] !== slash) return false
  let componentStart = start + 1
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at]!
    if (byte < 0x20 || byte >= 0x7f) return pathProblem(utf8Decode(bytes, start, end)) === undefined
    if (byte === slash) {
      if (!isValidComponent(bytes, componentStart, at)) return false
      componentStart = at + 1
    }
  }
  return isValidComponent(bytes, componentStart, end)
}

/** Where the last component's '/' stands in `bytes[start, end)`, or −1. */
export function lastSlash(bytes: Uint8Array, start: number, end: number): number {
  for (let at = end - 1; at >= start; at--) if (bytes[at] === slash) return at
  return -1
}

/** '/' in ASCII and UTF-8. */
export const slash = 0x2f
const dot = 0x2e

function isValidComponent(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  if (length === 0) return false
  if (bytes[start] !== dot) return true
  return length > 2 || (length === 2 && bytes[start + 1] !== dot)
}

function isForbiddenUnit(unit: number): boolean {
  return (
    unit <= 0x1f ||
    (unit >= 0x7f && unit <= 0x9f) ||
    (unit >= 0xd800 && unit <= 0xf8ff) ||
    unit >= 0xfff0
  )
}
