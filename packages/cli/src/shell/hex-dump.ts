/** Bytes as a table of hexadecimal numbers and characters, sixteen in a row. */
const header = [
  '         +-------------------------------------------------+',
  '         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |',
]
const rule = '+--------+-------------------------------------------------+----------------+'
const rowLength = 16

export function hexDump(bytes: Uint8Array): string {
  if (bytes.length === 0) return ''
  const rows: string[] = []
  for (let at = 0; at < bytes.length; at += rowLength)
    rows.push(row(at, bytes.subarray(at, at + rowLength)))
  return [...header, rule, ...rows, rule].join('\n')
}

function row(at: number, bytes: Uint8Array): string {
  const numbers = Array.from(bytes, (byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('')
  const characters = Array.from(bytes, (byte) =>
    byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : '.',
  ).join('')
  const offset = at.toString(16).padStart(8, '0')
  return `|${offset}|${numbers.padEnd(rowLength * 3)} |${characters.padEnd(rowLength)}|`
}
