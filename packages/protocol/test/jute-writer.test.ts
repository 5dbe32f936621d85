import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JuteReader, JuteWriter } from '@quorate/protocol'

test('what is written when the buffer is exactly full lands in the larger one', () => {
  const writes: readonly ((writer: JuteWriter) => void)[] = [
    (writer) => writer.writeByte(7),
    (writer) => writer.writeBoolean(true),
    (writer) => writer.writeInt(7),
    (writer) => writer.writeLong(7),
    (writer) => writer.writeString('seven'),
  ]
  for (const write of writes) {
    const [full, roomy] = [new JuteWriter(4), new JuteWriter(64)]
    for (const writer of [full, roomy]) {
      writer.writeInt(-1)
      write(writer)
    }
    assert.deepEqual(full.copy(), roomy.copy())
  }
})

test('a long record survives the growth of its buffer', () => {
  const writer = new JuteWriter(1)
  for (let i = 0; i < 1_000; i++) writer.writeInt(i)
  const reader = new JuteReader(writer.copy())
  for (let i = 0; i < 1_000; i++) assert.equal(reader.readInt(), i)
})
