import { base64Encode } from './base64.ts'
import { type Platform, purePlatform } from './platform.ts'

/**
 * The id of the digest scheme for "user:password": user + ":" + base64(SHA-1("user:password")). The user is the text
 * before the first ':'; text without one is its own user, as in Apache's provider.
 */
export function digestId(userAndPassword: string, platform: Platform = purePlatform): string {
  const user = userAndPassword.split(':', 1)[0]!
  return `${user}:${base64Encode(platform.sha1(platform.utf8Encode(userAndPassword)))}`
}
