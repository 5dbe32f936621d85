/**
 * Random runs of whole ensembles. ZAB_SEEDS=1..5000 in the environment plays others than the usual ones; a failure names its seed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RandomRun, type RunFigures } from './random-run.ts'

const [first, last] = (process.env['ZAB_SEEDS'] ?? '1..100').split('..').map(Number)

test(`random ensembles keep what was delivered and serve again (seeds ${first} to ${last})`, (t) => {
  const runs: RunFigures[] = []
  for (let seed = first; seed <= last; seed++) {
    try {
      runs.push(new RandomRun(seed).play())
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
  const sum = (of: (run: RunFigures) => number): number =>
    runs.reduce((all, run) => all + of(run), 0)
  const figures = {
    runs: runs.length,
    delivered: sum((it) => it.delivered),
    terms: sum((it) => it.terms),
    confirmations: sum((it) => it.confirmations),
    syncs: sum((it) => it.syncs),
    reconfigurations: sum((it) => it.reconfigurations),
    diff: sum((it) => it.syncsByKind.get('diff') ?? 0),
    trunc: sum((it) => it.syncsByKind.get('trunc') ?? 0),
    snap: sum((it) => it.syncsByKind.get('snap') ?? 0),
    diffFromDisk: sum((it) => it.syncsByKind.get('diff-from-disk') ?? 0),
  }
  t.diagnostic(JSON.stringify(figures))
  assert.ok(figures.delivered > 15 * (last - first))
  // Few runs may lack a kind of synchronisation.
  if (runs.length < 100) return
  for (const [name, count] of Object.entries(figures)) assert.ok(count > 0, name)
})
