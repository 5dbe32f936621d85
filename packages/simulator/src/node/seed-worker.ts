/** A child process that runs seeds, one after another, as its parent hands them over. */
import { runRequest, type RunRequest } from '../index.ts'

process.on('message', async (request: RunRequest) => {
  process.send?.(await runRequest(request))
})
