/** The user who may change the membership. */
import { digestId } from '@quorate/protocol'

/** As a client shows it. */
export const superCredentials = 'super:of the simulation'

/** As servers are told of it (`superDigest`). */
export const superDigest: string = digestId(superCredentials)
