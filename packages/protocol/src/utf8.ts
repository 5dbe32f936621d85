/**
 * UTF-8 without a platform. Decoding replaces what is malformed by U+FFFD, as Java's decoder does for
 * ustrings; encoding writes a lone surrogate as U+FFFD.
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

export function utf8Decode(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
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
    if (size === 0) {
      text += '\ufffd'
      at++
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

/** The length of the well-formed sequence at `at`, or 0 (overlong forms and surrogates are malformed). */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!
  const size =
    first >= 0xf0 && first <= 0xf4
      ? 4
      : first >= 0xe0 && first < 0xf0
        ? 3
        : first >= 0xc2 && first < 0xe0
          ? 2
          : 0
  if (size === 0 || at + size > end) return 0
  for (let i = 1; i < size; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0
  const point = codePoint(bytes, at, size)
  const isOverlong = (size === 3 && point < 0x800) || (size === 4 && point < 0x10000)
  const isSurrogate = point >= 0xd800 && point <= 0xdfff
  return isOverlong || isSurrogate || point > 0x10ffff ? 0 : size
}

function codePoint(bytes: Uint8Array, at: number, size: number): number {
  let point = bytes[at]! & (0xff >> (size + 1))
  for (let i = 1; i < size; i++) point = (point << 6) | (bytes[at + i]! & 0x3f)
  return point
}
