// Makes yjs_updates.json: what Yjs itself writes, for every kind of content, with what Yjs shows of it.
//
// In an empty folder: `npm install yjs@13`, copy this file there, `node make_yjs_updates.mjs > yjs_updates.json`.

import * as Y from 'yjs'

const base64 = bytes => Buffer.from(bytes).toString('base64')
const cases = []

/** Runs `steps` on documents with these client ids, each step followed by an exchange if it returns true. */
const record = (name, roots, clients, steps, { lone = false } = {}) => {
  const updates = []
  const docs = clients.map(client => {
    const doc = new Y.Doc({ guid: `guid-of-${client}` })
    doc.clientID = client
    for (const [root, type] of Object.entries(roots)) doc.get(root, Y[type])
    doc.on('update', (update, origin) => { if (origin !== 'exchange') updates.push(update) })
    return doc
  })
  const exchange = () => {
    for (const from of docs) {
      for (const to of docs) {
        if (from !== to) Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)), 'exchange')
      }
    }
  }
  for (const step of steps) {
    step(...docs)
    if (!lone) exchange()
  }
  exchange()
  const doc = docs[0]
  const full = Y.encodeStateAsUpdate(doc)
  const merged = Y.mergeUpdates(updates)
  // A difference that begins at every clock of every client: this cuts through all that can be cut.
  const differences = []
  for (const [client, end] of Y.decodeStateVector(Y.encodeStateVector(doc))) {
    for (let clock = 0; clock < end; clock++) {
      const vector = Y.encodeStateVector(new Map([[client, clock]]))
      differences.push({ client, clock, update: base64(Y.diffUpdate(merged, vector)) })
    }
  }
  const json = {}
  for (const [root, type] of Object.entries(roots)) {
    const shared = doc.get(root, Y[type])
    json[root] = type.startsWith('Xml') ? shared.toString() : shared.toJSON()
  }
  cases.push({
    name,
    roots,
    updates: updates.map(base64),
    merged: base64(merged),
    full: base64(full),
    // Every second update left out: gaps, and so Skips.
    gaps: base64(Y.mergeUpdates(updates.filter((_, index) => index % 2 === 0))),
    differences,
    stateVector: Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(doc))),
    stateVectorBytes: base64(Y.encodeStateVector(doc)),
    deleteSet: Object.fromEntries([...Y.createDeleteSetFromStructStore(doc.store).clients].map(
      ([client, ranges]) => [client, ranges.map(({ clock, len }) => [clock, clock + len])])),
    json: JSON.parse(JSON.stringify(json, (_, value) => typeof value === 'bigint' ? `${value}n` : value))
  })
}

record('text of many scripts', { text: 'Text' }, [1, 2 ** 32 - 1], [
  a => a.getText('text').insert(0, 'plain'),
  (_, b) => b.getText('text').insert(2, 'é🙂e\u0301 中文 '),
  a => a.getText('text').insert(2, '👩‍👩‍👧'),
  (_, b) => b.getText('text').delete(0, 2),
  a => a.getText('text').insert(0, '\t\n'),
  (_, b) => b.getText('text').delete(11, 3)
])

record('a surrogate pair torn apart', { text: 'Text' }, [7], [
  a => a.getText('text').insert(0, 'a🙂b'),
  a => a.getText('text').insert(2, '|')
])

record('written at the same time', { text: 'Text' }, [11, 5, 2 ** 40 + 3], [
  (a, b, c) => { a.getText('text').insert(0, 'aaa'); b.getText('text').insert(0, 'bbb'); c.getText('text').insert(0, 'ccc') },
  (a, b, c) => { a.getText('text').insert(2, 'A'); b.getText('text').delete(0, 2); c.getText('text').insert(3, 'C') }
], { lone: true })

record('values of every kind', { list: 'Array' }, [0], [
  a => a.getArray('list').insert(0, [null, true, false, 0, -1, 63, 64, -64, 2 ** 31, -(2 ** 31), 2 ** 53 - 1]),
  a => a.getArray('list').insert(3, [0.5, 0.1, -1e300, 'text é🙂', '', {}, [], { a: [1, { b: null, c: undefined }], 'ключ': 'ß' }]),
  a => a.getArray('list').delete(1, 4)
])

record('numbers that JSON cannot hold', { list: 'Array' }, [3], [
  a => a.getArray('list').insert(0, [{ big: [1n, -(2n ** 63n), 2n ** 63n - 1n] }, -0, Infinity, NaN])
])

record('bytes', { map: 'Map', list: 'Array' }, [4], [
  a => a.getMap('map').set('bytes', new Uint8Array([0, 1, 255])),
  a => a.getArray('list').insert(0, [{ nested: new Uint8Array([9]) }])
])

record('maps overwritten and nested', { map: 'Map' }, [20, 10], [
  a => a.getMap('map').set('key', 1),
  (_, b) => b.getMap('map').set('key', 'two'),
  a => a.getMap('map').set('key', new Y.Map([['inner', new Y.Text('in🙂side')], ['list', Y.Array.from([1, 2])]])),
  (_, b) => b.getMap('map').get('key').get('inner').insert(2, '!'),
  (_, b) => b.getMap('map').get('key').set('list', 'gone'),
  a => a.getMap('map').set('', ''),
  a => a.getMap('map').delete('missing')
])

record('garbage collected', { list: 'Array' }, [30], [
  a => a.getArray('list').insert(0, [new Y.Map([['source', new Y.Text('to be forgotten')], ['n', 1]]), 'kept']),
  a => a.getArray('list').delete(0, 1),
  a => a.getArray('list').push(['after'])
])

record('formats and embeds', { text: 'Text' }, [40], [
  a => a.getText('text').insert(0, 'formatted text'),
  a => a.getText('text').format(2, 5, { bold: true, 'weight-ß': { n: 1.5 } }),
  a => a.getText('text').insertEmbed(4, { image: 'x.png', width: 3 }),
  a => a.getText('text').format(4, 6, { bold: null })
])

record('XML of every kind', { xml: 'XmlFragment' }, [50], [
  a => {
    const element = new Y.XmlElement('pre')
    element.setAttribute('class', 'ü')
    a.getXmlFragment('xml').insert(0, [element, new Y.XmlText('words'), new Y.XmlHook('hook-name')])
  },
  a => a.getXmlFragment('xml').get(0).insert(0, [new Y.XmlText('deep'), new Y.XmlElement('br')]),
  a => a.getXmlFragment('xml').delete(1, 1)
])

record('a fragment within a map', { map: 'Map' }, [51], [
  a => a.getMap('map').set('fragment', new Y.XmlFragment())
])

record('documents within the document', { map: 'Map' }, [60], [
  a => a.getMap('map').set('sub', new Y.Doc({ guid: 'inner-guid', meta: { n: 1 }, autoLoad: true, gc: false })),
  a => a.getMap('map').set('other', new Y.Doc({ guid: 'second' }))
])

record('JSON of old versions', { list: 'Array' }, [70], [
  a => a.transact(transaction => {
    const content = new Y.ContentJSON([{ a: 1 }, undefined, 'text', 4])
    new Y.Item(Y.createID(70, 0), null, null, null, null, a.getArray('list'), null, content).integrate(transaction, 0)
  }),
  a => a.getArray('list').delete(1, 1)
])

process.stdout.write(`[\n${cases.map(one => JSON.stringify(one)).join(',\n')}\n]\n`)
