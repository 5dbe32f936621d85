/** A command that could not be carried out. The message is all that the user sees; the command counts as failed. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
