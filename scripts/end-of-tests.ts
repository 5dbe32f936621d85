/**
 * Loaded before each file of tests: ends a process that lives on when its tests are over, and fails it.
 *
 * A test that failed before it closed what it had opened would else hold up all files behind it until the whole run is out of time.
 */
import { after } from 'node:test'

const graceMs = 10_000

// The process that starts the others loads this too, and so do those that tests fork; they have no tests of their own.
if (process.argv[1]?.endsWith('.test.ts') === true)
  after(() => {
    setTimeout(() => {
      const open = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout')
      console.error(
        `The tests are over for ${graceMs} ms and the process lives on (${open.join(', ')}): close all that a test has opened, whether it passes or fails.`,
      )
      process.exit(1)
    }, graceMs).unref()
  })
