/**
 * Directories whose names survive a power failure. A directory that was made is an entry of its parent, and the files in it,
 * however well synced, are lost together with an entry that the disk never got.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Makes names created, renamed and removed in this directory durable. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

/** Makes the directory and its parents, from the top down, each durable before there is anything in it. */
export function makeDurableDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
  const parent = dirname(resolve(path))
  makeDurableDirectory(parent)
  // Recursive only so that one that somebody else makes at the same moment is no failure.
  mkdirSync(path, { recursive: true })
  syncDirectory(parent)
}
