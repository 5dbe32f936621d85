// The layering rule: which room may import which. docs/architecture.md draws this table.
const allow = {
  protocol: [],
  tree: ['protocol'],
  consensus: ['protocol'],
  log: ['protocol', 'tree'],
  replica: ['protocol', 'tree', 'consensus', 'log'],
  client: ['protocol'],
  recipes: ['client'],
  simulator: ['protocol', 'tree', 'consensus', 'log', 'replica', 'client', 'recipes'],
  server: ['protocol', 'tree', 'consensus', 'log', 'replica'],
  cli: ['protocol', 'tree', 'log', 'server', 'client', 'simulator'],
  testkit: ['protocol', 'tree', 'consensus', 'log', 'replica', 'server', 'client'],
}
const plain = 'protocol|tree|consensus|log|replica|client|recipes|simulator'

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(allow).map(([room, rooms]) => ({
      name: `rooms:${room}`,
      severity: 'error',
      from: { path: `^packages/${room}/src` },
      to: { path: '^packages/', pathNot: `^packages/(${[room, ...rooms].join('|')})/` },
    })),
    {
      name: 'plain-rooms-do-no-io',
      severity: 'error',
      from: { path: `^packages/(${plain})/src`, pathNot: '/src/node/' },
      to: { dependencyTypes: ['core', 'npm'], pathNot: '^packages/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js'],
    },
  },
}
