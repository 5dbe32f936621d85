/**
 * The tables of docs/reference/errors.md.
 *
 * A room that throws errors with stable codes exports their union as `type …ErrorCode` or `…ErrorName`; every member stands on its own
 * line under a comment that says when it is thrown.
 */
import { readText, sourceFiles } from './repository.ts'

export interface ErrorCodeEntry {
  readonly code: string
  readonly meaning: string
}

export interface ErrorCodeFamily {
  /** The name of the union type. */
  readonly name: string
  readonly file: string
  readonly entries: readonly ErrorCodeEntry[]
}

/** Every union of error codes that `source` exports. */
export function errorCodeFamilies(file: string, source: string): readonly ErrorCodeFamily[] {
  const families: ErrorCodeFamily[] = []
  for (const match of source.matchAll(/^export type (\w+Error(?:Code|Name)) =\s*\n?/gm)) {
    const entries = unionMembers(source.slice(match.index + match[0].length))
    if (entries.length > 0) families.push({ name: match[1]!, file, entries })
  }
  return families
}

export function allErrorCodeFamilies(): readonly ErrorCodeFamily[] {
  return sourceFiles().flatMap((file) => errorCodeFamilies(file, readText(file)))
}

export function renderErrors(): string {
  return allErrorCodeFamilies()
    .map(({ name, file, entries }) =>
      [
        `### ${name.replace(/(Code|Name)$/, '')}`,
        '',
        `Thrown by [\`${file}\`](../../${file}) and its neighbours.`,
        '',
        '| code | meaning |',
        '|---|---|',
        ...entries.map(({ code, meaning }) => `| \`${code}\` | ${meaning} |`),
      ].join('\n'),
    )
    .join('\n\n')
}

/** The quoted members at the start of `text`, each with the comment before it, until something else comes. */
function unionMembers(text: string): readonly ErrorCodeEntry[] {
  const entries: ErrorCodeEntry[] = []
  const member = /\s*(?:\/\*\*([\s\S]*?)\*\/|\/\/([^\n]*))?\s*\|?\s*'([A-Za-z][\w-]*)'/y
  for (let match = member.exec(text); match !== null; match = member.exec(text)) {
    entries.push({ code: match[3]!, meaning: plainText(match[1] ?? match[2] ?? '') })
  }
  return entries
}

function plainText(comment: string): string {
  return comment
    .replaceAll(/\n\s*\*/g, ' ')
    .replaceAll(/\{@link ([^}]*)\}/g, '`$1`')
    .replaceAll('|', String.raw`\|`)
    .replaceAll(/\s+/g, ' ')
    .trim()
}
