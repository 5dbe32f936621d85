/** The simulator as a process: runs seeds and prints what they found. */
import { runSeeds, type SeedRuns } from '../index.ts'

/** @returns how many seeds found something */
export function printSeeds(runs: SeedRuns): number {
  return runSeeds(runs, (line) => void process.stdout.write(`${line}\n`))
}
