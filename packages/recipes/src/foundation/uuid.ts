/** Random UUIDs (RFC 9562, version 4) from the random numbers of the world. */
import type { Random } from '@quorate/client/core'

export function randomUuid(random: Random): string {
  const hex = randomHex(random)
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) & 3]
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-')
}

/** 32 hexadecimal digits. */
function randomHex(random: Random): string {
  let hex = ''
  while (hex.length < 32)
    hex += Math.floor(random.next() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0')
  return hex
}
