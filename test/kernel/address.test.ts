/** Addresses: which lists they are in, and how they are written. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressList, canonicalAddress } from '../../kernel/address.ts'

describe('addressList()', () => {
  const cases: [entry: string, inside: string[], outside: string[]][] = [
    ['10.0.0.1', ['10.0.0.1', '::ffff:10.0.0.1', '::ffff:a00:1'], ['10.0.0.2', '10.0.0.10', '::a00:1']],
    ['::ffff:10.0.0.1', ['10.0.0.1'], ['10.0.0.2']],
    ['::ffff:10.0.0.0/104', ['10.0.0.1', '::ffff:10.9.9.9'], ['11.0.0.1', '::1']],
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['9.255.255.255', '11.0.0.0']],
    ['10.1.2.3/8', ['10.0.0.0', '10.255.255.255'], ['11.0.0.0']],
    ['192.168.1.128/25', ['192.168.1.128', '192.168.1.255'], ['192.168.1.127']],
    ['192.168.1.7/32', ['192.168.1.7'], ['192.168.1.6', '192.168.1.8']],
    ['0.0.0.0/0', ['1.2.3.4', '255.255.255.255'], ['::1']],
    ['10.0.0.5-10.0.1.5', ['10.0.0.5', '10.0.0.255', '10.0.1.5'], ['10.0.0.4', '10.0.1.6']],
    ['2001:db8::1', ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', '[2001:db8::1]', '2001:db8::1%eth0'], ['2001:db8::2']],
    ['2001:db8::/32', ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'], ['2001:db9::', '10.0.0.1']],
    ['fe80::1-fe80::9', ['fe80::1', 'fe80::5', 'fe80::9'], ['fe80::a', 'fe80::']],
    ['::/0', ['::1', 'ffff::'], ['1.2.3.4']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['127.0.0.1', '::']],
    ['64:ff9b::1.2.3.4', ['64:ff9b::102:304'], ['1.2.3.4']],
  ]
  for (const [entry, inside, outside] of cases) {
    test(entry, () => {
      const listed = addressList([entry])
      for (const ip of inside) assert.ok(listed(ip), `${ip} should be in`)
      for (const ip of outside) assert.ok(!listed(ip), `${ip} should be out`)
    })
  }

  test('entries that are no addresses match nothing', () => {
    const wrong = [
      '',
      'localhost',
      '10.0.0',
      '10.0.0.256',
      '10.0.0.0/33',
      '10.0.0.0/x',
      '10.0.0.0/',
      '::/129',
      '10.0.0.1-::1',
      '10.0.0.1-',
      '1::2::3',
      ':::',
      '1:2:3',
      '12345::',
    ]
    const listed = addressList(wrong)
    for (const ip of ['10.0.0.1', '0.0.0.0', '::', '::1', '127.0.0.1']) assert.ok(!listed(ip), ip)
  })

  test('what is no address is in no list', () => {
    const listed = addressList(['0.0.0.0/0', '::/0'])
    for (const ip of [null, '', 'unknown', '1.2.3', '1.2.3.4.5', '1.2.3.4:80', '0x7f.0.0.1', '::g']) assert.ok(!listed(ip), String(ip))
  })

  test('several entries are one list', () => {
    const listed = addressList(['10.0.0.1', 'fd00::/8'])
    assert.deepEqual([listed('10.0.0.1'), listed('fd12::1'), listed('10.0.0.2')], [true, true, false])
  })
})

test('canonicalAddress() has one form for each address', () => {
  const cases: [text: string, canonical: string | undefined][] = [
    [' 10.0.0.1 ', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['[2001:DB8:0:0:0:0:0:1]', '2001:db8::1'],
    ['10.1', undefined],
    ['unknown', undefined],
  ]
  for (const [text, canonical] of cases) assert.equal(canonicalAddress(text), canonical)
})
