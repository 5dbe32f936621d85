/** Jest knows `require` of an ES module on Node 24.9 and newer. */
const { startServer } = require('@quorate/testkit')

test('a CommonJS test has a server as well', async () => {
  await using server = await startServer()
  const zk = await server.client()
  await zk.create('/greeting', 'hello')
  expect(await zk.get('/greeting')).toBe('hello')
})
