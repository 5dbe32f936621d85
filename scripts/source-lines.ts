/** Counts lines as the linter's max-lines does. */

/** Lines of `source` that hold code: not blank, and not wholly a comment. */
export function codeLineCount(source: string): number {
  let count = 0
  let isInComment = false
  for (const line of source.split('\n')) {
    const text = line.trim()
    if (isInComment) {
      isInComment = !text.includes('*/')
    } else if (text.startsWith('/*')) {
      isInComment = !text.includes('*/')
    } else if (text !== '' && !text.startsWith('//')) {
      count++
    }
  }
  return count
}
