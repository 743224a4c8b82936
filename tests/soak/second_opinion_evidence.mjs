// Reads the evidence of a run (MessagePack) for second_opinion.mjs: plain objects, bytes as Uint8Array.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export function decode (bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  let at = 0
  const number = (method, size) => { const read = view[method](at); at += size; return Number(read) }
  const some = size => bytes.subarray(at, at += size)
  const list = size => Array.from({ length: size }, value)
  const map = size => Object.fromEntries(Array.from({ length: size }, () => [value(), value()]))
  const sized = (width) => number(['getUint8', 'getUint16', 'getUint32'][width], 1 << width)

  function value () {
    const tag = bytes[at++]
    if (tag < 0x80) return tag
    if (tag < 0x90) return map(tag & 15)
    if (tag < 0xa0) return list(tag & 15)
    if (tag < 0xc0) return utf8.decode(some(tag & 31))
    if (tag >= 0xe0) return tag - 256
    if (tag >= 0xc4 && tag <= 0xc6) return some(sized(tag - 0xc4))
    if (tag >= 0xd9 && tag <= 0xdb) return utf8.decode(some(sized(tag - 0xd9)))
    switch (tag) {
      case 0xc0: return null
      case 0xc2: return false
      case 0xc3: return true
      case 0xca: return number('getFloat32', 4)
      case 0xcb: return number('getFloat64', 8)
      case 0xcc: return number('getUint8', 1)
      case 0xcd: return number('getUint16', 2)
      case 0xce: return number('getUint32', 4)
      case 0xcf: return number('getBigUint64', 8)
      case 0xd0: return number('getInt8', 1)
      case 0xd1: return number('getInt16', 2)
      case 0xd2: return number('getInt32', 4)
      case 0xd3: return number('getBigInt64', 8)
      case 0xdc: return list(sized(1))
      case 0xdd: return list(sized(2))
      case 0xde: return map(sized(1))
      case 0xdf: return map(sized(2))
    }
    throw new Error(`MessagePack byte ${tag} at ${at - 1} is not expected in evidence`)
  }
  return value()
}

// The documents of a run's evidence; null where there is none.
export function openedEvidence (results) {
  const file = join(results, 'evidence', 'evidence.msgpack')
  return existsSync(file) ? decode(readFileSync(file)).documents : null
}
