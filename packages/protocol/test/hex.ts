/** Bytes as people write them in tests: hex digits, with spaces and bars where they help the eye. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replaceAll(/[^0-9a-f]/g, '')
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  )
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
