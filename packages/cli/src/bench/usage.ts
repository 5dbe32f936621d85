/** What a run costs: CPU of the servers, of this process and of everything else, and the servers' memory and disk writes. */
import { readFileSync } from 'node:fs'

/** Figures since the start of the machine or process; two of them make a {@link Usage}. */
export interface UsageSample {
  readonly atMs: number
  readonly clientCpuSeconds: number
  readonly serverCpuSeconds: number | undefined
  readonly serverWrittenBytes: number | undefined
  readonly machineCpuSeconds: number | undefined
}

export interface Usage {
  readonly seconds: number
  readonly clientCpuSeconds: number
  readonly serverCpuSeconds?: number
  /** MB per second that the server sent to the disk. */
  readonly serverDiskMbPerSecond?: number
  /** CPUs used by neither the server nor this process: above some 0.3 the run was disturbed. */
  readonly otherCpus?: number
}

/** Clock ticks per second in /proc: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100

export function sampleUsage(serverPids: readonly number[]): UsageSample {
  const { user, system } = process.cpuUsage()
  return {
    atMs: performance.now(),
    clientCpuSeconds: (user + system) / 1e6,
    serverCpuSeconds: total(serverPids, cpuSeconds),
    serverWrittenBytes: total(serverPids, (pid) => procNumber(`${pid}/io`, 'write_bytes')),
    machineCpuSeconds: machineCpuSeconds(),
  }
}

export function usageBetween(from: UsageSample, to: UsageSample): Usage {
  const seconds = (to.atMs - from.atMs) / 1_000
  const clientCpuSeconds = to.clientCpuSeconds - from.clientCpuSeconds
  const server = difference(from.serverCpuSeconds, to.serverCpuSeconds)
  const written = difference(from.serverWrittenBytes, to.serverWrittenBytes)
  const machine = difference(from.machineCpuSeconds, to.machineCpuSeconds)
  return {
    seconds,
    clientCpuSeconds,
    ...(server !== undefined && { serverCpuSeconds: server }),
    ...(written !== undefined && { serverDiskMbPerSecond: written / 1_048_576 / seconds }),
    ...(server !== undefined &&
      machine !== undefined && { otherCpus: (machine - server - clientCpuSeconds) / seconds }),
  }
}

/** Resident memory of processes now and at the highest of each, in MB; undefined of none, and where there is no /proc. */
export function residentMb(
  pids: readonly number[],
): { readonly nowMb: number; readonly peakMb: number } | undefined {
  const now = total(pids, (pid) => procNumber(`${pid}/status`, 'VmRSS'))
  const peak = total(pids, (pid) => procNumber(`${pid}/status`, 'VmHWM'))
  return now === undefined || peak === undefined
    ? undefined
    : { nowMb: now / 1_024, peakMb: peak / 1_024 }
}

/** User and system time of all threads of a process. */
function cpuSeconds(pid: number): number | undefined {
  // The command's name, in parentheses, may hold spaces: count from behind it.
  const fields = proc(`${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')
  return fields === undefined
    ? undefined
    : (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Busy time of all CPUs. */
function machineCpuSeconds(): number | undefined {
  const fields = proc('stat')?.split('\n')[0]?.split(/\s+/).slice(1).map(Number)
  if (fields === undefined) return undefined
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = fields
  return (user + nice + system + irq + softIrq + steal) / ticksPerSecond
}

function procNumber(file: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(proc(file) ?? '')?.[1]
  return found === undefined ? undefined : Number(found)
}

function proc(file: string): string | undefined {
  try {
    return readFileSync(`/proc/${file}`, 'utf8')
  } catch {
    return undefined
  }
}

/** Undefined of no process, and when a figure of one is not to be had. */
function total(
  pids: readonly number[],
  figureOf: (pid: number) => number | undefined,
): number | undefined {
  if (pids.length === 0) return undefined
  return pids.reduce<number | undefined>((sum, pid) => {
    const figure = figureOf(pid)
    return sum === undefined || figure === undefined ? undefined : sum + figure
  }, 0)
}

function difference(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : to - from
}
