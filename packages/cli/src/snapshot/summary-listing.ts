/** The sums of a snapshot's subtrees, as Apache's SnapshotRecursiveSummary prints them or as JSON lines. */
import type { TextOutput } from '../text-output.ts'
import { NodeStream } from './node-stream.ts'
import type { SummaryRange } from './snapshot-arguments.ts'
import { readSnapshotFile } from './snapshot-file.ts'
import { type SubtreeRow, SubtreeSummary } from './subtree-summary.ts'

/** @throws Error when the file is damaged, since its sums would be wrong, or holds no such node */
export function summariseSnapshot(
  file: string,
  output: TextOutput,
  options: { readonly range: SummaryRange; readonly wantsJson: boolean },
): void {
  const { range, wantsJson } = options
  const summary = new SubtreeSummary(range)
  const stream = new NodeStream(({ path, data }) => summary.add(path, data?.length ?? 0))
  readSnapshotFile(file, stream)
  summary.finish()
  if (summary.rows.length === 0) throw new Error(`there is no node "${range.path}" in it`)
  for (const row of summary.rows) {
    output.line(wantsJson ? JSON.stringify({ file, ...row }) : rowText(row))
  }
}

function rowText({ path, level, descendantCount, dataBytes }: SubtreeRow): string {
  const indent = '--'.repeat(level)
  return `${indent} ${path}\n${indent}   children: ${descendantCount}\n${indent}   data: ${dataBytes}`
}
