import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extensionOf, toTitle } from '../../../plugins/files/title.ts'

const titles: [name: string, title: string][] = [
  ['two_words-here.png', 'Two Words Here'],
  ['myPhoto2.png', 'My Photo2'],
  ['iPhone_photo-of_the url.png', 'I Phone Photo of the URL'],
  ['and the of.png', 'And the Of'],
  ['HTMLParser.txt', 'HTML Parser'],
  ['api-json_VIP.png', 'API JSON VIP'],
  ['DSC_0001.JPG', 'Dsc 0001'],
  ['.hidden', '.hidden'],
  ['a.b.c', 'A.b'],
  ['foo..png', 'Foo.'],
  ['x  spaced  .png', 'X  Spaced  '],
]
for (const [name, title] of titles) test(`toTitle(${JSON.stringify(name)})`, () => assert.equal(toTitle(name), title))

const extensions: [name: string, extension: string][] = [
  ['a.tar.gz', '.gz'],
  ['LOUD.PnG', '.PnG'],
  ['README', ''],
  ['.hidden', ''],
  ['a.', ''],
  ['a.b c', ''],
  ['a./../b', ''],
  [`a.${'x'.repeat(17)}`, ''],
]
for (const [name, extension] of extensions) test(`extensionOf(${JSON.stringify(name)})`, () => assert.equal(extensionOf(name), extension))
