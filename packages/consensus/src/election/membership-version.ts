/** Reads how new a membership is that a notification carries. */
import type { Zxid } from '@quorate/protocol'

/**
 * @param text lines joined by \n; one of them, the last as a rule, is `version=<hex>`
 * @returns undefined when there is no such line, or what it says is no zxid
 */
export function membershipVersionOf(text: string): Zxid | undefined {
  const digits = /(?:^|\n)version=([0-9a-f]{1,16})\s*(?:\n|$)/i.exec(text)?.[1]
  if (digits === undefined) return undefined
  const version = Number.parseInt(digits, 16)
  return Number.isSafeInteger(version) ? version : undefined
}
