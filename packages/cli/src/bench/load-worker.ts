/** The thread of {@link runLoadOnThreads}: runs its share and posts the result. */
import { parentPort, workerData } from 'node:worker_threads'
import { type LoadOptions, runLoad } from './load.ts'

parentPort!.postMessage(await runLoad(workerData as LoadOptions))
