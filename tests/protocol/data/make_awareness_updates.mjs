// Makes awareness_updates.json: what y-protocols writes for presences, with what it was asked to write.
//
// In an empty folder: `npm install yjs@13 y-protocols@1`, copy this file there,
// `node make_awareness_updates.mjs > awareness_updates.json`.

import * as Y from 'yjs'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'

const cases = []

/** Every member is [client id, the states it sets one after the other]; each set state raises the clock by one. */
const record = (name, members) => {
  const doc = new Y.Doc()
  const hub = new Awareness(doc)
  hub.setLocalState(null)
  const presences = []
  for (const [clientId, states] of members) {
    const own = new Y.Doc()
    own.clientID = clientId
    const awareness = new Awareness(own)
    for (const state of states) awareness.setLocalState(state)
    hub.states.set(clientId, states.at(-1))
    hub.meta.set(clientId, awareness.meta.get(clientId))
    presences.push({ clientId, clock: awareness.meta.get(clientId).clock, state: states.at(-1) })
    awareness.destroy()
  }
  const update = encodeAwarenessUpdate(hub, members.map(([clientId]) => clientId), hub.states)
  cases.push({ name, presences, update: Buffer.from(update).toString('base64') })
  hub.destroy()
}

const named = name => ({ user: { username: 'u', name, display_name: name, avatar_url: null }, autosave: true })

record('nobody', [])
record('an ASCII name', [[1, [named('Ada Lovelace')]]])
record('names of many scripts', [
  [127, [named('Zoë Ærøskøbing')]],
  [128, [named('Ольга Ладыженская')]],
  [16384, [named('陳省身')]],
  [4294967295, [named('नागार्जुन')]]
])
record('an emoji of two UTF-16 units, and one with joiners', [[7, [named('🐙')]], [8, [named('👩🏽‍🔬')]]])
record('combining marks and directions', [[9, [named('e\u0301\u0323')]], [10, [named('\u202eעברית\u202c')]]])
record('a name whose length in characters and in bytes differ in the number of length bytes', [[11, [named('ö'.repeat(70))]]])
record('what JSON escapes, and what it leaves alone', [[12, [named('"\\/\b\f\n\r\t\u0001\u007f\u2028\u2029')]]])
record('numbers, lists and nothing', [[13, [{ cursor: { anchor: 3, head: -1.5, list: [1, true, false, null, ''] }, empty: {} }]]])
record('a client that left', [[14, [named('gone'), null]]])
record('a clock of two bytes', [[15, Array.from({ length: 200 }, (_, n) => ({ beat: n }))]])
record('the highest client id of Yjs 14', [[9007199254740991, [named('far')]]])

console.log(JSON.stringify(cases, null, 1))
process.exit(0)
