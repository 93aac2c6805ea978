// The e-service's own small server: its pages, its invoices, and the place where the edge tells it what has been paid.
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { configurationFrom, Misconfigured } from './configuration.mjs'
import { createService } from './service.mjs'
import { Pages } from './static.mjs'
import { Store } from './store.mjs'

const built = folder => fileURLToPath(new URL(folder, import.meta.url))

function start() {
  const configuration = configurationFrom(process.env)
  const store = new Store(configuration.database)
  const pages = new Pages(built('../dist'), configuration, built('../../docs/.vitepress/dist'))
  const server = createServer(createService({ configuration, store, pages, log: line => console.log(line) }))

  server.listen(configuration.port, configuration.host, () => {
    const { address, port } = server.address()
    console.log(`listening on ${address}:${port}, as ${configuration.origin}`)
  })
  server.on('error', error => {
    console.error(`cannot listen: ${error.code}`)
    process.exitCode = 1
  })

  const stop = () => {
    server.close(() => store.close())
    server.closeAllConnections()
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

try {
  start()
} catch (error) {
  if (!(error instanceof Misconfigured)) throw error
  console.error(`misconfigured: ${error.message}`)
  process.exitCode = 1
}
