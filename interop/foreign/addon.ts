/** The npm package `zookeeper`, an addon for Node around Apache's C client. It is compiled where it is installed. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { installOnce } from '../harness/cached-install.ts'

const version = '7.3.0'

/** @returns the folder of the package. @throws Error with what npm said, when it can't be installed */
export function installAddon(): string {
  const nodeRoot = dirname(dirname(process.execPath))
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  }
  // It has to be compiled for the Node that runs it, with the headers that came along with that.
  if (existsSync(join(nodeRoot, 'include', 'node'))) environment['npm_config_nodedir'] = nodeRoot
  const modules = installOnce({
    name: `interop-zookeeper-${version}-abi${process.versions.modules}`,
    packages: [`zookeeper@${version}`],
    words: [],
    environment,
    wants: "npm's registry, g++ and make",
  })
  return join(modules, 'zookeeper')
}
