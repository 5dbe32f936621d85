/** `npm run interop:cuts -- --cuts 10000`: the long form of process-cuts.test.ts. */
import { runLostWritesCommand } from '../../packages/testkit/test/lost-writes/lost-writes-command.ts'
import { runProcessCuts } from './process-cuts.ts'

await runLostWritesCommand(runProcessCuts, { cutsPerKill: 200 })
