/** The worlds that transcripts are played in, by the first word of a transcript's name. */
import { ElectionTranscript } from './election-transcript.ts'
import type { TranscriptWorld } from './transcript.ts'
import { ZabTranscript } from './zab-transcript.ts'

export const transcriptWorlds: ReadonlyMap<string, () => TranscriptWorld> = new Map<
  string,
  () => TranscriptWorld
>([
  ['election', () => new ElectionTranscript()],
  ['zab', () => new ZabTranscript()],
])
