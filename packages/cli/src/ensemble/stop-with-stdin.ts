/**
 * Stops this process when its standard input ends. A supervisor holds the other end of the pipe, and the system closes
 * it when the supervisor is gone, however it went: no server is left behind.
 */
export function stopWithStdin(): void {
  process.stdin.once('end', stop).once('error', stop).resume()
  // The pipe alone must not keep a server running that has stopped. Only pipes and terminals can be let go of.
  if (typeof process.stdin.unref === 'function') process.stdin.unref()
}

function stop(): void {
  process.kill(process.pid, 'SIGTERM')
}
