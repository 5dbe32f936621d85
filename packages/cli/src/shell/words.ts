/** Splits a line into words as zkCli does: blanks separate, and a word that starts with a quote runs to the next one. */
const wordPattern = /\s*([^"']\S*|"[^"]*"|'[^']*')\s*/g
const quotedPattern = /^(["'])(.*)\1$/s

export function splitWords(line: string): readonly string[] {
  const trimmed = line.trim()
  return Array.from(trimmed.matchAll(wordPattern), ([, word]) => unquoted(word!))
}

function unquoted(word: string): string {
  return quotedPattern.exec(word)?.[2] ?? word
}
