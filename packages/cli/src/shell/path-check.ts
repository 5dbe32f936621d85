/** The check of paths before they are sent, with the words of zkCli (PathUtils.validatePath). */
import { CommandError } from './command-error.ts'

/** @throws CommandError for what is no path */
export function checkPath(path: string, isSequential = false): string {
  const problem = pathProblem(isSequential ? `${path}1` : path)
  if (problem !== undefined) throw new CommandError(problem)
  return path
}

function pathProblem(path: string): string | undefined {
  if (path.length === 0) return 'Path length must be > 0'
  if (path[0] !== '/') return 'Path must start with / character'
  if (path.length === 1) return undefined
  if (path.endsWith('/')) return 'Path must not end with / character'
  for (let at = 1; at < path.length; at++) {
    const reason = reasonAt(path, at)
    if (reason !== undefined) return `Invalid path string "${path}" caused by ${reason} @${at}`
  }
  return undefined
}

function reasonAt(path: string, at: number): string | undefined {
  const unit = path.charCodeAt(at)
  if (unit === 0) return 'null character not allowed'
  if (path[at] === '/' && path[at - 1] === '/') return 'empty node name specified'
  if (path[at] === '.' && endsRelativeComponent(path, at)) return 'relative paths not allowed'
  return isInvalidUnit(unit) ? 'invalid character' : undefined
}

/** Whether the dot at `at` is the last of a "." or ".." component. */
function endsRelativeComponent(path: string, at: number): boolean {
  const isLast = at + 1 === path.length || path[at + 1] === '/'
  const component = path.slice(path.lastIndexOf('/', at) + 1, at + 1)
  return isLast && (component === '.' || component === '..')
}

function isInvalidUnit(unit: number): boolean {
  return (
    unit <= 0x1f ||
    (unit >= 0x7f && unit <= 0x9f) ||
    (unit >= 0xd800 && unit <= 0xf8ff) ||
    unit >= 0xfff0
  )
}
