/** Values of nodes as text on a terminal. */
const decoder = new TextDecoder()
const encoder = new TextEncoder()

export function dataText(data: Uint8Array | null): string {
  return data === null ? 'null' : decoder.decode(data)
}

export function dataBytes(text: string): Uint8Array {
  return encoder.encode(text)
}
