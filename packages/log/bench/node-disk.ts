/** The Disk interface on real files, as small as a measurement needs it. */
import * as fs from 'node:fs'
import type { Disk, DiskFile } from '@quorate/log'

export const nodeDisk: Disk = {
  openForRead: (path) => handle(fs.openSync(path, 'r')),
  openForWrite: (path, { truncate }) =>
    handle(
      fs.openSync(
        path,
        fs.constants.O_RDWR | fs.constants.O_CREAT | (truncate ? fs.constants.O_TRUNC : 0),
      ),
    ),
  list: (directory) => (fs.existsSync(directory) ? fs.readdirSync(directory) : []),
  makeDirectory: (path) => void fs.mkdirSync(path, { recursive: true }),
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.unlinkSync(path),
  syncDirectory(path) {
    const fd = fs.openSync(path, 'r')
    fs.fsyncSync(fd)
    fs.closeSync(fd)
  },
}

function handle(fd: number): DiskFile {
  return {
    size: () => fs.fstatSync(fd).size,
    read: (target, start, end, position) => fs.readSync(fd, target, start, end - start, position),
    write(source, start, end, position, done) {
      fs.write(fd, source, start, end - start, position, (error) => done(error ?? undefined))
    },
    sync: (done) => fs.fdatasync(fd, (error) => done(error ?? undefined)),
    truncate: (size) => fs.ftruncateSync(fd, size),
    close: () => fs.closeSync(fd),
  }
}
