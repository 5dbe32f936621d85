/** Answers a four-letter word. Every answer is a whole text; the connection is closed behind it. */
import { cons, crst } from './connection-words.ts'
import { dump } from './dump-word.ts'
import type { InspectedServer } from './inspected-server.ts'
import { conf, dirs, envi, hash, mntr, srvr, stat } from './server-words.ts'
import { wchc, wchp, wchs } from './watch-words.ts'
import type { FourLetterWord } from './word.ts'

export type Whitelist = ReadonlySet<string> | 'all'

const notServing = 'This ZooKeeper instance is not currently serving requests'

/** @param argument what followed the word, as long as `argumentLength` says */
export function answerWord(
  word: FourLetterWord,
  argument: Uint8Array,
  server: InspectedServer,
  whitelist: Whitelist,
): string {
  if (whitelist !== 'all' && !whitelist.has(word)) {
    return `${word} is not executed because it is not in the whitelist.\n`
  }
  switch (word) {
    case 'ruok':
      return 'imok'
    case 'envi':
      return envi(server)
    case 'gtmk':
      return String(server.traceMask)
    case 'stmk':
      server.traceMask = argument.reduce(
        (mask, byte) => BigInt.asIntN(64, (mask << 8n) | BigInt(byte)),
        0n,
      )
      return String(server.traceMask)
    case 'isro':
      if (!server.isServing) return 'null'
      return server.mode === 'read-only' ? 'ro' : 'rw'
    case 'hash':
      // As Apache: this one word ends the sentence without a newline.
      return server.isServing ? hash(server) : notServing
    default:
      return server.isServing ? answers[word](server) : `${notServing}\n`
  }
}

type PlainWord = Exclude<FourLetterWord, 'ruok' | 'envi' | 'gtmk' | 'stmk' | 'isro' | 'hash'>

/** The words that need a serving server and nothing else. */
const answers: Readonly<Record<PlainWord, (server: InspectedServer) => string>> = {
  conf,
  cons,
  crst,
  dirs,
  dump,
  mntr,
  srst(server) {
    server.resetServerStats()
    return 'Server stats reset.\n'
  },
  srvr,
  stat,
  wchc,
  wchp,
  wchs,
}
