/**
 * The four-letter words: commands of four bytes, sent instead of a first frame and answered with text. Read as a frame
 * length they would be far above any limit, so the two cannot be mixed up.
 */
export const fourLetterWords = [
  'conf',
  'cons',
  'crst',
  'dirs',
  'dump',
  'envi',
  'gtmk',
  'hash',
  'isro',
  'mntr',
  'ruok',
  'srst',
  'srvr',
  'stat',
  'stmk',
  'wchc',
  'wchp',
  'wchs',
] as const

export type FourLetterWord = (typeof fourLetterWords)[number]

const wordsByCode = new Map<number, FourLetterWord>(
  fourLetterWords.map((word) => [codeOf(word), word]),
)

function codeOf(word: string): number {
  let code = 0
  for (let i = 0; i < word.length; i++) code = (code << 8) | word.charCodeAt(i)
  return code
}

/** The word whose four bytes, read as a big-endian signed integer, are `code`. */
export function wordOf(code: number): FourLetterWord | undefined {
  return wordsByCode.get(code)
}

/** What telnet sends when it closes (IAC IP IAC DO): not a word, but nothing to complain about either. */
export const telnetCloseCode: number = 0xfff4fffd | 0

/** Bytes that must follow the word before it can be answered: the mask of `stmk`. */
export function argumentLength(word: FourLetterWord): number {
  return word === 'stmk' ? 8 : 0
}
