/** docs/reference/compatibility.md out of the comments in the source that start with the word for it. */
import { readText, sourceFiles } from './repository.ts'

export interface CompatibilityNote {
  readonly file: string
  readonly text: string
}

const opening = /(?:^|\s)(?:\/\/|\/\*\*?|\*)\s*Compatibility:\s*(.*)$/
const continuation = /^\s*(?:\/\/|\*(?!\/))\s*(.*)$/

/** The paragraphs of comments in `source` that start with "Compatibility:", each as one line. */
export function compatibilityNotes(file: string, source: string): readonly CompatibilityNote[] {
  const lines = source.split('\n')
  const notes: CompatibilityNote[] = []
  for (let i = 0; i < lines.length; i++) {
    let part = opening.exec(lines[i]!)?.[1]
    if (part === undefined) continue
    const parts: string[] = []
    // A paragraph ends with the comment, at an empty line or a tag in it, or where the next note starts.
    while (part !== undefined && part !== '' && !part.startsWith('@')) {
      parts.push(part.replace(/\s*\*\/.*$/, ''))
      if (part.includes('*/') || opening.test(lines[i + 1] ?? '')) break
      part = continuation.exec(lines[i + 1] ?? '')?.[1]
      if (part !== undefined) i++
    }
    notes.push({ file, text: sentence(parts.join(' ')) })
  }
  return notes
}

export function renderCompatibility(): string {
  const notes = sourceFiles().flatMap((file) => compatibilityNotes(file, readText(file)))
  if (notes.length === 0) return 'No deliberate difference is recorded yet.'
  const rows = notes.map(({ file, text }) => `| ${text} | [${shortName(file)}](../../${file}) |`)
  return ['| difference | where |', '|---|---|', ...rows].join('\n')
}

function sentence(text: string): string {
  const plain = text
    .replaceAll(/\{@link ([^}]*)\}/g, '`$1`')
    .replaceAll('|', String.raw`\|`)
    .trim()
  // A first word that is a name (camelCase) stays as it is.
  return plain.replace(/^[a-z]+(?!\w|\.\w)/, (word) => word.charAt(0).toUpperCase() + word.slice(1))
}

function shortName(file: string): string {
  return file.replace(/^packages\//, '').replace('/src/', '/')
}
