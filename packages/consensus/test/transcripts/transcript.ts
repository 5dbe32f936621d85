/**
 * Transcripts: scripts whose trace is written below each command.
 *
 *     # A comment.
 *     command with arguments
 *       a line of the expected trace
 *
 * A line without indentation is a command; what is indented below it is what it is expected to print. Comments and empty lines stay
 * as they are.
 */

/** What the commands of a transcript act on. A transcript's name up to the first hyphen says which world it is played in. */
export interface TranscriptWorld {
  /**
   * Carries out one command.
   * @param words the command's line, split at spaces
   * @returns the trace; an Error that is thrown is a part of it
   */
  run(words: readonly string[]): readonly string[]
}

/** Plays a transcript. @returns its text with the trace that was seen */
export function play(text: string, world: TranscriptWorld): string {
  const seen: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith(' ')) continue
    seen.push(line)
    if (line === '' || line.startsWith('#')) continue
    for (const traced of run(world, line)) seen.push(`  ${traced}`)
  }
  return seen.join('\n')
}

function run(world: TranscriptWorld, line: string): readonly string[] {
  try {
    return world.run(line.split(/\s+/))
  } catch (error) {
    return [`error: ${(error as Error).message}`]
  }
}
