/** `npm run cuts -- --cuts 10000`: the long form of lost-writes.test.ts. */
import { runLostWritesCommand } from './lost-writes-command.ts'
import { runLostWrites } from './lost-writes-run.ts'

await runLostWritesCommand(runLostWrites, { cutsPerKill: 500 })
