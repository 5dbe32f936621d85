/**
 * UTF-8 without a platform, with the platform's answers: one server may use both, by the length of a text. Decoding
 * replaces what is malformed by U+FFFD; encoding writes a lone surrogate as U+FFFD.
 */

export function utf8Encode(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text))
  utf8Write(text, bytes, 0)
  return bytes
}

export function utf8Length(text: string): number {
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) length += 1
    else if (unit < 0x800) length += 2
    else if (isSurrogatePair(text, i)) {
      length += 4
      i++
    } else length += 3
  }
  return length
}

/** Writes `text` at `at` and returns the position behind it. There must be `utf8Length(text)` bytes of room. */
export function utf8Write(text: string, bytes: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i)
    if (point < 0x80) {
      bytes[at++] = point
      continue
    }
    if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6)
      bytes[at++] = 0x80 | (point & 0x3f)
      continue
    }
    if (isSurrogatePair(text, i)) {
      point = 0x10000 + ((point - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00)
      bytes[at++] = 0xf0 | (point >> 18)
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f)
    } else {
      if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd
      bytes[at++] = 0xe0 | (point >> 12)
    }
    bytes[at++] = 0x80 | ((point >> 6) & 0x3f)
    bytes[at++] = 0x80 | (point & 0x3f)
  }
  return at
}

/**
 * Short texts of ASCII that were decoded lately, each at the place of its hash: names and paths come again and again, and one
 * that is known already needs no new string.
 */
const knownTexts: string[] = Array.from({ length: 2_048 }, () => '')
const knownLengthMost = 64

export function utf8Decode(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  if (end - start > knownLengthMost) return decodeAny(bytes, start, end)
  let hash = end - start
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= 0x80) return decodeAny(bytes, start, end)
    hash = Math.imul(hash ^ byte, 0x0100_0193)
  }
  const place = (hash ^ (hash >>> 15)) & (knownTexts.length - 1)
  const known = knownTexts[place]!
  if (isText(known, bytes, start, end)) return known
  return (knownTexts[place] = String.fromCharCode(...bytes.subarray(start, end)))
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}

function decodeAny(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  let at = start
  while (at < end) {
    const first = bytes[at]!
    if (first < 0x80) {
      text += String.fromCharCode(first)
      at++
      continue
    }
    const size = sequenceLength(bytes, at, end)
    if (size < 0) {
      text += '\ufffd'
      at -= size
      continue
    }
    text += String.fromCodePoint(codePoint(bytes, at, size))
    at += size
  }
  return text
}

function isSurrogatePair(text: string, at: number): boolean {
  const high = text.charCodeAt(at)
  const low = text.charCodeAt(at + 1)
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff
}

/**
 * The length of the well-formed sequence at `at`. Where there is none: minus the count of bytes that one U+FFFD stands for, as
 * the platform's decoders replace them (the longest start of a sequence, or one byte; Unicode 3.9, table 3-7).
 */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!
  if (first < 0xc2 || first > 0xf4) return -1
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  // The second byte tells overlong forms, surrogates and what lies beyond U+10FFFF.
  let min = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  let max = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  for (let i = 1; i < size; i++) {
    const byte = at + i < end ? bytes[at + i]! : 0
    if (byte < min || byte > max) return -i
    min = 0x80
    max = 0xbf
  }
  return size
}

function codePoint(bytes: Uint8Array, at: number, size: number): number {
  let point = bytes[at]! & (0xff >> (size + 1))
  for (let i = 1; i < size; i++) point = (point << 6) | (bytes[at + i]! & 0x3f)
  return point
}
