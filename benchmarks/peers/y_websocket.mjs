// Watchers of Yjs with y-websocket, a document and a provider each, in one process of Node.
//
// Run as `node y_websocket.mjs PORT GROUP WATCHERS`. It is spoken to as benchmarks/children/commands.py says: a line of
// JSON in, a line of JSON out. Commands: `mark`, `synced`. It ends when its standard input does.
import { createInterface } from 'node:readline'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const [port, group, watchers] = process.argv.slice(2)
let received = 0
const documents = []
for (let number = 0; number < Number(watchers); number++) {
  const document = new Y.Doc()
  document.getArray('cells')
  document.getMap('meta')
  document.getMap('state')
  // Each has a room of its own name, in the group: Yjs would otherwise hand updates on within the process.
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}/${group}`, String(number), document, {
    WebSocketPolyfill: WebSocket,
    disableBc: true
  })
  document.on('update', (update, origin) => {
    received += origin === provider
  })
  documents.push(document)
}

const reply = (answer) => process.stdout.write(JSON.stringify(answer) + '\n')
createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (JSON.parse(line).do === 'mark') {
      const { user, system } = process.cpuUsage()
      reply({ cpu: (user + system) / 1e6, received })
    } else {
      reply({ synced: documents.filter((each) => each.getArray('cells').length > 0).length })
    }
  })
  .on('close', () => process.exit(0))
