/** Keeps a fleet of observers that have lost the same server from coming back all at once, without dice. */

const goldenRatio = 0.618_033_988_749_895

/** When this one of many servers comes, from 0 to `limitMs`: ids that follow each other are far apart. */
export function spreadMs(serverId: number, limitMs: number): number {
  const turns = Math.abs(serverId) * goldenRatio
  return Math.floor(limitMs * (turns - Math.floor(turns)))
}
