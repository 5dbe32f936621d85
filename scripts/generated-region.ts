/** Parts of a Markdown page that are made from the source, between two comments that say so. */

/** Where a region stands, and what belongs in it. */
export interface GeneratedRegion {
  /** The page, relative to the repository's root. */
  readonly page: string
  readonly name: string
  readonly render: () => string
}

/**
 * `text` with what stands in the region `name` replaced by `content`.
 * @throws Error when the page has no such region
 */
export function replaceRegion(text: string, name: string, content: string): string {
  const opening = `<!-- generated: ${name} -->`
  const closing = '<!-- end of the generated part -->'
  const start = text.indexOf(opening)
  const end = text.indexOf(closing, start)
  if (start < 0 || end < 0) {
    throw new Error(`the page lacks the region; it opens with "${opening}", ends with "${closing}"`)
  }
  return `${text.slice(0, start + opening.length)}\n\n${content.trim()}\n\n${text.slice(end)}`
}
