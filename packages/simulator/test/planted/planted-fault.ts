/**
 * A fault on purpose: a change of the source text of a few files, made while they are loaded. The code that is shipped knows nothing of
 * it, so it can't be switched on there.
 */
import { stripTypeScriptTypes } from 'node:module'

export interface SourceEdit {
  /** Relative to `packages/`. */
  readonly file: string
  /** Stands there exactly once. */
  readonly original: string
  /** What takes its place. Types are not checked: it may add properties that no class declares. */
  readonly planted: string
}

export interface PlantedFault {
  readonly name: string
  /** Where ZooKeeper had it. */
  readonly jira?: string
  /** What goes wrong, as a sentence. */
  readonly explanation: string
  readonly edits: readonly SourceEdit[]
  /** Processes that use recipes are added to the default mix, the same for all of these faults. */
  readonly hasRecipes?: boolean
  /** Processes that are members of something by recipes take the place of most other clients. */
  readonly hasMembers?: boolean
}

/**
 * The text of a file with the fault in it.
 * @throws Error when the text to be changed isn't there exactly once, or the outcome is no program: the code has changed, and the fault
 * needs to be thought of anew
 */
export function plant(fault: PlantedFault, file: string, text: string): string {
  let changed = text
  for (const edit of fault.edits) {
    if (edit.file !== file) continue
    const count = changed.split(edit.original).length - 1
    if (count !== 1)
      throw new Error(
        `the fault ${fault.name} is to change a place of ${file} that is there ${count} times; it must be there once`,
      )
    changed = changed.replace(edit.original, () => edit.planted)
  }
  if (changed === text) throw new Error(`the fault ${fault.name} changes nothing in ${file}`)
  stripTypeScriptTypes(changed)
  return changed
}

export function filesOf(fault: PlantedFault): readonly string[] {
  return [...new Set(fault.edits.map(({ file }) => file))]
}
