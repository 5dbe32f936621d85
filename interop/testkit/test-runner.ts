/** Test runners as newcomers call them: what is said to each, and what its report says. */

/** How many tests went which way. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  /** Skipped, cancelled, or still to be written. */
  readonly others: number
}

export interface TestRunner {
  readonly name: string
  /** Has the functions of Node's runner that samples use, by these names. */
  readonly module: string
  readonly names: Readonly<Record<'after' | 'before' | 'test', string>>
  /** What a sample has to be called for it. */
  testName(sample: string): string
  /** What Node is called with, in a project that has the runner installed. */
  words(run: { readonly files: readonly string[]; readonly report: string }): readonly string[]
  tally(report: string): Tally
  /** What it says of a process that it had to wait for, or to end. */
  readonly complaint: RegExp
}

/** Five seconds are the default of both, and may be short on a machine that has more to do. */
const testTimeout = '--testTimeout=20000'

/** Vitest has taken them over. */
const namesOfJest = { after: 'afterAll', before: 'beforeAll', test: 'test' }

export const nodeTest: TestRunner = {
  name: 'node-test',
  module: 'node:test',
  names: { after: 'after', before: 'before', test: 'test' },
  testName: asTypeScript,
  words: ({ files, report }) => [
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${report}`,
    ...files,
  ],
  tally: (report) => {
    const counted = (what: string): number =>
      Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(report)?.[1])
    return {
      passed: counted('pass'),
      failed: counted('fail'),
      others: counted('cancelled') + counted('skipped') + counted('todo'),
    }
  },
  complaint: /asynchronous activity/,
}

export const vitest: TestRunner = {
  name: 'vitest',
  module: 'vitest',
  names: namesOfJest,
  testName: asTypeScript,
  words: ({ files, report }) => [
    'node_modules/vitest/vitest.mjs',
    'run',
    testTimeout,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...files,
  ],
  tally: jsonTally,
  complaint: /close timed out|prevents .* from exiting|Timeout (starting|terminating)/i,
}

export const jest: TestRunner = {
  name: 'jest',
  module: '@jest/globals',
  names: namesOfJest,
  testName: (sample) => sample.replace(/\.(c?js)$/, '.test.$1'),
  words: ({ files, report }) => [
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    // In a process of its own a file that leaves something open would just be killed.
    '--runInBand',
    testTimeout,
    '--json',
    `--outputFile=${report}`,
    ...files,
  ],
  tally: jsonTally,
  complaint: /did not exit|failed to exit/,
}

/** A sample for Node's runner as one for this runner. One that uses globals stays as it is. */
export function sampleFor({ module, names }: TestRunner, sample: string): string {
  return sample.replace(/^import \{ (.+) \} from 'node:test'$/m, (_, imported: string) => {
    const renamed = imported.split(', ').map((name) => {
      const own = names[name as keyof typeof names]
      return own === name ? name : `${own} as ${name}`
    })
    return `import { ${renamed.join(', ')} } from '${module}'`
  })
}

/** Without a type to see, but what takes the types away has seen it. */
function asTypeScript(sample: string): string {
  return sample.replace(/\.js$/, '.test.ts')
}

/** Vitest's report is in Jest's format. */
function jsonTally(report: string): Tally {
  const { numTotalTests, numPassedTests, numFailedTests } = JSON.parse(report) as {
    readonly numTotalTests: number
    readonly numPassedTests: number
    readonly numFailedTests: number
  }
  return {
    passed: numPassedTests,
    failed: numFailedTests,
    others: numTotalTests - numPassedTests - numFailedTests,
  }
}
