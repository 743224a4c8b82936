// A second opinion on a run, from its evidence alone: node second_opinion.mjs RESULTS
//
// Shares no code with the project, and not even a language: the updates are read and applied by Yjs itself. No document
// is made anew from what was authored; instead every struct of every update is looked up in what a newcomer was given.
// Prints a sentence for each thing it sees. Ends with 0 when it sees the same as result.json says: of a fail, each kind
// of finding in the document it names; of a pass, nothing. With 1 when it does not, and with 2 when it cannot say.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const Y = createRequire(new URL('../servers/package.json', import.meta.url))('yjs')
const THE_SAME = 0, SOMETHING_ELSE = 1, CANNOT_SAY = 2

// Which of the things seen here stand for which kind of finding; a kind that is not here cannot be judged afterwards.
const SEEN_AS = {
  'diverged': ['replicas', 'altered'],
  'pending-updates': ['replicas'],
  'joiner-differs': ['newcomer', 'first snapshot'],
  'lost-edit': ['lost', 'deleted by nobody', 'undeleted', 'altered'],
  'duplicated-content': ['foreign'],
  'invented-edit': ['foreign'],
  'saved-file-differs': ['file'],
  'unacknowledged-edit': ['unacknowledged']
}

// What lies in the evidence folder of one document: bytes of updates in .bin, whose they are in .json.
function read (folder) {
  const file = name => join(folder, name)
  const bytes = name => existsSync(file(name)) ? new Uint8Array(readFileSync(file(name))) : null
  const json = name => existsSync(file(name)) ? JSON.parse(readFileSync(file(name), 'utf8')) : null
  const pieces = name => {
    const all = bytes(`${name}.bin`)
    const lines = all ? readFileSync(file(`${name}.jsonl`), 'utf8').split('\n').filter(line => line) : []
    return lines.map(line => JSON.parse(line)).map(one => ({ ...one, update: all.subarray(one.at, one.at + one.bytes) }))
  }
  const { document: path, kind, users_of_replicas: users, users: stages } = json('copies.json')
  const connected = new Set(stages.filter(one => one.stage === 'connected').map(one => one.user))
  const authored = pieces('edits')
  return {
    path,
    kind,
    authored,
    authors: new Set(authored.map(edit => edit.client_id)),
    initial: bytes('initial.bin'),
    newcomer: bytes('newcomer.bin'),
    replicas: Object.entries(users)
      .map(([name, users]) => ({ users: users.filter(user => connected.has(user)), update: bytes(`${name}.bin`) }))
      .filter(one => one.users.length && one.update),
    received: pieces('received'),
    saved: kind === 'text' ? bytes('saved-file.txt') && new TextDecoder().decode(bytes('saved-file.txt')) : json('saved-file.json')
  }
}

// What is seen in healthy runs, too: new ids of copies, given by a saving server; what was never acknowledged.
const HARMLESS = ['renamed', 'unacknowledged']

// Structs by client and clock, with where they came from; of several at one clock the one that tells most.
class Structs {
  constructor () { this.clients = new Map(); this.list = [] }

  add (update, from) {
    const { structs, ds } = Y.decodeUpdate(update)
    for (const struct of structs) {
      if (struct.constructor.name === 'Skip') continue
      const { client, clock } = struct.id
      const one = { client, clock, length: struct.length, struct, from, tells: told(struct) }
      this.list.push(one)
      if (!this.clients.has(client)) this.clients.set(client, new Map())
      const units = this.clients.get(client)
      for (let unit = clock; unit < clock + struct.length; unit++) {
        if (!units.has(unit) || units.get(unit).tells < one.tells) units.set(unit, one)
      }
    }
    return ds
  }

  find (client, clock) { return this.clients.get(client)?.get(clock) }
}

// What is left of something deleted says less than what it was.
const told = struct => struct.constructor.name !== 'Item' ? 0 : struct.content.constructor.name === 'ContentDeleted' ? 1 : 2

const covers = (ds, client, clock) =>
  (ds.clients.get(client) ?? []).some(range => range.clock <= clock && clock < range.clock + range.len)

// The parent (a root's name, or an id) and the key of a struct; only the first of a row of structs has them written.
function place (structs, client, clock) {
  const way = []
  let at = null
  while (true) {
    const found = structs.find(client, clock)
    if (!found || found.struct.constructor.name !== 'Item') break
    if (found.place !== undefined) { at = found.place; break }
    way.push(found)
    const { parent, parentSub, origin, rightOrigin } = found.struct
    if (parent !== null) { at = { parent, key: parentSub }; break }
    const next = origin ?? rightOrigin
    if (!next || way.length > 1e6) break
    ({ client, clock } = next)
  }
  for (const found of way) found.place = at
  return at
}

function root (structs, client, clock) {
  for (let at = place(structs, client, clock); at; at = place(structs, at.parent.client, at.parent.clock)) {
    if (typeof at.parent === 'string') return at.parent
  }
  return null
}

const made = update => {
  const doc = new Y.Doc({ gc: false })
  Y.applyUpdate(doc, update)
  return doc
}

const content = (doc, kind) =>
  kind === 'text' ? doc.getText('source').toString() : { cells: doc.getArray('cells').toJSON(), ...doc.getMap('meta').toJSON() }

const text = item => {
  const held = item.content
  const name = held.constructor.name
  return name === 'ContentString' ? held.str : name === 'ContentAny' ? JSON.stringify(plain(held.arr)) : name.replace('Content', '')
}

// JSON with sorted keys, so that equal content is equal text.
const plain = value => Array.isArray(value)
  ? value.map(plain)
  : value && typeof value === 'object'
    ? Object.fromEntries(Object.keys(value).sort().map(key => [key, plain(value[key])]))
    : typeof value === 'bigint' ? Number(value) : value

// What a notebook's file and its document may differ in: notes of the server, and how lines are kept.
function asFile (value, minor) {
  const joined = one => {
    if (Array.isArray(one)) return one.length && one.every(line => typeof line === 'string') ? one.join('') : one.map(joined)
    if (!one || typeof one !== 'object') return one
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, joined(inner)]))
  }
  const notebook = joined(structuredClone(value))
  const { orig_nbformat, orig_nbformat_minor, signature, ...metadata } = notebook.metadata ?? {}
  const cells = (notebook.cells ?? []).map(({ execution_state, id, attachments, metadata: { trusted, ...rest } = {}, ...cell }) => ({
    ...cell, metadata: rest, ...(minor >= 5 ? { id } : {}), ...(attachments && Object.keys(attachments).length ? { attachments } : {}),
    source: cell.source?.length ? cell.source : '', ...(cell.outputs ? { outputs: cell.outputs.map(o => o.text?.length === 0 ? { ...o, text: '' } : o) } : {})
  }))
  return JSON.stringify(plain({ ...notebook, metadata, cells }))
}

// The notebook with the first, or with the last, of cells that are equal: who saves may leave the others out.
function withoutCopies (notebook) {
  const texts = notebook.cells.map(cell => JSON.stringify(plain(cell)))
  return ['indexOf', 'lastIndexOf'].map(which => ({ ...notebook, cells: notebook.cells.filter((_, at) => texts[which](texts[at]) === at) }))
}

function difference (one, other) {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  return `…${one.slice(Math.max(0, at - 60), at + 60)}… / …${other.slice(Math.max(0, at - 60), at + 60)}…`
}

// Everything there is to see in one document: [kind, sentence] each.
function seen (evidence) {
  const { kind, initial, authored, authors, newcomer, replicas, received, saved } = evidence
  const facts = []
  const see = (what, sentence) => facts.push([what, sentence])
  const judged = newcomer ?? [...replicas].sort((a, b) => b.users.length - a.users.length)[0]?.update
  if (!judged || !initial) return null
  const final = made(judged)

  const views = replicas.map(one => [one.users, JSON.stringify(plain(content(made(one.update), kind)))])
  const whole = JSON.stringify(plain(content(final, kind)))
  for (const [users, view] of views.slice(1)) {
    if (view !== views[0][1]) see('replicas', `users ${users} hold another document than users ${views[0][0]}: ${difference(view, views[0][1])}`)
  }
  if (newcomer) {
    for (const [users, view] of views) {
      if (view !== whole) see('newcomer', `the newcomer holds another document than users ${users}: ${difference(whole, view)}`)
    }
    for (const one of replicas) {
      const store = made(one.update).store
      for (const [client, clock] of Y.decodeStateVector(Y.encodeStateVectorFromUpdate(newcomer))) {
        const has = Y.getState(store, client)
        if (has < clock && authors.has(client)) see('replicas', `users ${one.users} lack clocks ${has} to ${clock} of client ${client}`)
      }
    }
  }

  const known = new Structs()
  const deletedBefore = known.add(initial, null)
  const deletions = authored.map(edit => [edit, known.add(edit.update, edit)])
  const everything = new Structs()
  everything.add(initial, null)
  for (const one of [...authored, ...received]) everything.add(one.update, one)
  const deletedFinally = everything.add(judged, null)
  const entries = new Map()
  for (const one of known.list) {
    const at = place(everything, one.client, one.clock)
    if (at?.key) {
      const entry = JSON.stringify([at.parent, at.key])
      entries.set(entry, (entries.get(entry) ?? 0) + 1)
    }
  }
  const there = (client, clock) => clock < Y.getState(final.store, client)
  const isDeleted = (client, clock) => covers(deletedFinally, client, clock) || Y.getItem(final.store, Y.createID(client, clock)).deleted
  const by = edit => edit ? `edit ${edit.number} of user ${edit.user} (${edit.description})` : 'the initial content'

  for (const { client, clock, length, struct, from } of known.list) {
    if (root(everything, client, clock) === 'state' || struct.constructor.name === 'GC') continue
    for (let unit = clock; unit < clock + length; unit++) {
      if (!there(client, unit)) {
        see(from && from.acknowledged_s === null ? 'unacknowledged' : 'lost', `${by(from)} is not there: ${text(struct).slice(0, 80)}`)
        break
      }
      if (!isDeleted(client, unit)) {
        const item = Y.getItem(final.store, Y.createID(client, unit))
        const [wrote, holds] = [text(struct), text(item)]
        if (struct.content.constructor.name === 'ContentString' && item.content.constructor.name === 'ContentString' &&
            wrote[unit - clock] !== holds[unit - item.id.clock]) {
          see('altered', `${by(from)} wrote ${JSON.stringify(wrote.slice(0, 80))}, and there is ${JSON.stringify(holds.slice(0, 80))}`)
          break
        }
        continue
      }
      if (covers(deletedBefore, client, unit) || deletions.some(([, ds]) => covers(ds, client, unit))) continue
      const at = place(everything, client, unit)
      if (!at) continue
      if (typeof at.parent !== 'string' && there(at.parent.client, at.parent.clock) && isDeleted(at.parent.client, at.parent.clock)) continue
      if (at.key && entries.get(JSON.stringify([at.parent, at.key])) > 1) continue
      // A server that saves two copies of a cell gives one of them a new id.
      see(at.key === 'id' ? 'renamed' : 'deleted by nobody', `${by(from)}: ${JSON.stringify(text(struct).slice(0, 80))} is deleted, and nobody deleted it`)
      break
    }
  }
  for (const [edit, ds] of deletions) {
    for (const [client, ranges] of ds.clients) {
      for (const { clock, len } of ranges) {
        for (let unit = clock; unit < clock + len; unit++) {
          if (edit.acknowledged_s === null || root(everything, client, unit) === 'state' || !there(client, unit) || isDeleted(client, unit)) continue
          see('undeleted', `${by(edit)} deleted ${client}/${unit}, which is there`)
          break
        }
      }
    }
  }
  for (const { client, clock, length, struct, from } of everything.list) {
    if (struct.constructor.name === 'GC' || root(everything, client, clock) === 'state') continue
    for (let unit = clock; unit < clock + length; unit++) {
      if (known.find(client, unit)) continue
      const at = place(everything, client, unit)
      const live = there(client, unit) && !isDeleted(client, unit)
      see(at?.key === 'id' ? 'renamed' : 'foreign', `${live ? 'there is' : 'there was'} ${JSON.stringify(text(struct).slice(0, 80))}${at?.key ? ` under ${at.key}` : ''} (client ${client}, clock ${unit}), and nobody wrote it${from ? `; it came after ${from.received_s.toFixed(1)} s` : ''}`)
      break
    }
  }

  if (saved !== null) {
    const minor = saved.nbformat_minor ?? 5
    const file = kind === 'text' ? saved : asFile(saved, minor)
    const document = kind === 'text' ? content(final, kind) : asFile(content(final, kind), minor)
    const once = kind === 'text' ? [] : withoutCopies(content(final, kind)).map(one => asFile(one, minor))
    if (file !== document && !once.includes(file)) see('file', `the file differs from the document: ${difference(file, document)}`)
  }
  return facts
}

function main (results) {
  const told = JSON.parse(readFileSync(join(results, 'result.json'), 'utf8'))
  const folder = join(results, 'evidence')
  const folders = existsSync(folder) ? readdirSync(folder).filter(name => existsSync(join(folder, name, 'copies.json'))) : []
  if (!folders.length) {
    console.log('there is no evidence that could be looked at')
    return CANNOT_SAY
  }
  const facts = new Map(folders.map(name => read(join(folder, name))).map(one => [one.path, seen(one)]))
  for (const [path, some] of facts) for (const [what, sentence] of some ?? []) console.log(`${path}: ${what}: ${sentence}`)
  if (told.verdict !== 'fail') {
    const blind = [...facts].filter(([, some]) => !some)
    return [...facts.values()].flat().some(fact => fact && !HARMLESS.includes(fact[0])) ? SOMETHING_ELSE : blind.length ? CANNOT_SAY : THE_SAME
  }
  const questions = told.findings.map(finding => [finding.kind, finding.document])
  const unanswerable = questions.filter(([kind, path]) => !SEEN_AS[kind] || !facts.get(path))
  for (const [kind, path] of unanswerable) console.log(`${path}: ${kind} cannot be judged from the evidence`)
  const denied = questions.filter(([kind, path]) =>
    SEEN_AS[kind] && facts.get(path) && !facts.get(path).some(([what]) => SEEN_AS[kind].includes(what)))
  for (const [kind, path] of denied) console.log(`${path}: ${kind} is not seen here`)
  return denied.length ? SOMETHING_ELSE : unanswerable.length ? CANNOT_SAY : THE_SAME
}

try {
  process.exitCode = main(process.argv[2])
} catch (error) {
  console.log(error.stack)
  process.exitCode = CANNOT_SAY
}
