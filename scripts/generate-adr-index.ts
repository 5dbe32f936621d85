/** The index of docs/adr out of the records' own titles and states. */
import { filesBelow, readText } from './repository.ts'

export interface DecisionRecord {
  readonly file: string
  readonly title: string
  readonly status: string
}

export function decisionRecords(): readonly DecisionRecord[] {
  return filesBelow('docs/adr', '.md')
    .filter((file) => !file.endsWith('/README.md'))
    .map((file) => decisionRecord(file, readText(file)))
}

/** @throws Error when the record lacks its title (`# NNNN …`) or its `Status:` line */
export function decisionRecord(file: string, text: string): DecisionRecord {
  const title = /^# (\d{4} .+)$/m.exec(text)?.[1]
  const status = /^Status: (.+)$/m.exec(text)?.[1]
  if (title === undefined || status === undefined) {
    throw new Error(`${file} lacks a title "# NNNN …" or a line "Status: …"`)
  }
  return { file, title, status }
}

export function renderDecisionIndex(): string {
  const rows = decisionRecords().map(
    ({ file, title, status }) => `| [${title}](${file.replace('docs/adr/', '')}) | ${status} |`,
  )
  return ['| decision | status |', '|---|---|', ...rows].join('\n')
}
