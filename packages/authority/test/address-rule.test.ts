import { describe, expect, test } from 'vitest'
import { createAddressRule } from '../src/notices/address-rule.ts'

const PUBLIC = ['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '::ffff:8.8.8.8']
const INSIDE = [
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a00:1::',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  'localhost',
  '',
]

describe('where notices may go', () => {
  const rule = createAddressRule({ origin: 'https://authority.test', named: [] })

  test('a public address, by https', () => {
    for (const address of PUBLIC) {
      expect([address, rule.allows(address, 'https:')]).toEqual([address, true])
      expect([address, rule.allows(address, 'http:')]).toEqual([address, false])
    }
    expect(rule.takesHttp).toBe(false)
  })

  test('no address that a registry says is special, however it is spelled', () => {
    for (const address of INSIDE) {
      expect([address, rule.allows(address, 'https:')]).toEqual([address, false])
      expect([address, rule.allows(address, 'http:')]).toEqual([address, false])
    }
  })

  test('this machine, when the authority itself is reached there and nowhere else', () => {
    for (const origin of ['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787']) {
      const here = createAddressRule({ origin, named: [] })
      expect(here.takesHttp).toBe(true)
      for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
        expect([address, here.allows(address, 'http:'), here.allows(address, 'https:')]).toEqual([
          address,
          true,
          true,
        ])
      }
      for (const address of ['10.0.0.1', '169.254.169.254', 'fe80::1', '::ffff:10.0.0.1']) {
        expect([address, here.allows(address, 'https:')]).toEqual([address, false])
      }
      expect(here.allows('8.8.8.8', 'http:')).toBe(false)
    }
  })

  test('what is named, and nothing beside it', () => {
    const named = createAddressRule({
      origin: 'https://authority.test',
      named: ['10.1.0.0/16', '192.168.7.7', 'fd00:1::/32'],
    })
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.168.7.7', 'fd00:1::9']) {
      expect([address, named.allows(address, 'https:')]).toEqual([address, true])
      expect([address, named.allows(address, 'http:')]).toEqual([address, false])
    }
    for (const address of ['10.2.0.1', '192.168.7.8', 'fd00:2::1', '127.0.0.1']) {
      expect([address, named.allows(address, 'https:')]).toEqual([address, false])
    }
  })

  test('a range that is none is told at the start', () => {
    for (const text of ['10.0.0.0/33', 'intranet', '']) {
      expect(() => createAddressRule({ origin: 'https://authority.test', named: [text] })).toThrow(TypeError)
    }
  })
})
