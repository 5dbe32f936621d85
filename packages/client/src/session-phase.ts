/** How far a session has come with its link. */
import type { Connection } from './connection.ts'
import type { Link, ServerAddress } from './world.ts'

/** Where the session stands with its link. What is meaningful in one phase only is a field of that phase only. */
export type SessionPhase =
  | { readonly type: 'unlinked' }
  | { readonly type: 'pausing'; readonly untilMs: number }
  | {
      readonly type: 'dialing'
      readonly link: Link
      readonly server: ServerAddress
      readonly sinceMs: number
      readonly untilMs: number
    }
  | {
      /** The server has taken the session, and each proves to the other who it is. */
      readonly type: 'authenticating'
      readonly link: Link
      readonly server: ServerAddress
      readonly untilMs: number
      readonly connection: Connection
    }
  | {
      readonly type: 'linked'
      readonly link: Link
      readonly server: ServerAddress
      readonly connection: Connection
    }
  | { readonly type: 'ended' }
