/** Counters that several processes change together (Curator's DistributedAtomicInteger and -Long, kazoo's Counter). */
import { type CallOptions, type ValueCodec, valueCodecOf } from '@quorate/client/core'
import { type AnyZooKeeper, bytesClient } from '../foundation/bytes-client.ts'
import { type AtomicOptions, AtomicValue, type Changed } from './atomic-value.ts'
import { int32Codec, int64Codec, textNumberCodec, withInitial } from './number-codecs.ts'

export interface CounterOptions extends AtomicOptions {
  /** What a new counter begins with. Default 0. */
  readonly initial?: number
}

/** Four bytes, as Curator's DistributedAtomicInteger and SharedCount keep it. */
export function atomicInteger(
  zk: AnyZooKeeper,
  path: string,
  options: CounterOptions = {},
): AtomicNumber {
  return atomicNumber(zk, path, int32Codec, options)
}

/** Eight bytes, as Curator's DistributedAtomicLong keeps it; up to 2^53 either way. */
export function atomicLong(
  zk: AnyZooKeeper,
  path: string,
  options: CounterOptions = {},
): AtomicNumber {
  return atomicNumber(zk, path, int64Codec, options)
}

/** Text, as kazoo's Counter keeps it; with fractions, too. */
export function counter(
  zk: AnyZooKeeper,
  path: string,
  options: CounterOptions = {},
): AtomicNumber {
  const { platform } = bytesClient(zk).world
  const text = valueCodecOf('utf8', platform) as ValueCodec<string>
  return atomicNumber(zk, path, textNumberCodec(text), options)
}

function atomicNumber(
  zk: AnyZooKeeper,
  path: string,
  codec: ValueCodec<number>,
  { initial = 0, ...options }: CounterOptions,
): AtomicNumber {
  const values = withInitial(codec, initial)
  return new AtomicNumber(bytesClient(zk), path, { values, initial, ...options })
}

export class AtomicNumber extends AtomicValue<number> {
  /** @returns the counter's value before and after */
  add(amount: number, options: CallOptions = {}): Promise<Changed<number>> {
    return this.update((value) => value + amount, options)
  }

  subtract(amount: number, options: CallOptions = {}): Promise<Changed<number>> {
    return this.add(-amount, options)
  }

  /** @returns the counter's new value */
  async increment(options: CallOptions = {}): Promise<number> {
    return (await this.add(1, options)).after
  }

  /** @returns the counter's new value */
  async decrement(options: CallOptions = {}): Promise<number> {
    return (await this.add(-1, options)).after
  }
}
