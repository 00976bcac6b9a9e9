import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Cue, readCaptions, writeCaptions } from '../../src/domain/captions.ts'

function vtt(...cues: string[]): string {
  return ['WEBVTT', ...cues].join('\n\n')
}

describe('captions', () => {
  it('say who speaks, when and what', () => {
    const text = vtt('00:00:16.246 --> 00:00:17.726\n<v Ada Lovelace>Good &amp; morning.</v>')
    expect(readCaptions(text)).toEqual([
      { startMs: 16_246, endMs: 17_726, speaker: 'Ada Lovelace', text: 'Good & morning.' },
    ])
  })

  it('are read without a header and without voices', () => {
    expect(readCaptions('00:00:01.000 --> 00:00:02.000\nHello\n\n01:02.500 --> 01:03.000\nagain')).toEqual([
      { startMs: 1_000, endMs: 2_000, speaker: null, text: 'Hello' },
      { startMs: 62_500, endMs: 63_000, speaker: null, text: 'again' },
    ])
  })

  it('begin with the recording: what was said before it is left out', () => {
    const text = vtt(
      '-00:00:09.000 --> -00:00:02.000\n<v Ada>Is it on?</v>',
      '-00:00:03.120 --> 00:00:01.000\n<v Ada>Yes.</v>',
    )
    expect(readCaptions(text)).toEqual([{ startMs: 0, endMs: 1_000, speaker: 'Ada', text: 'Yes.' }])
  })

  it('take notes, styles, identifiers, settings and foreign line ends for what they are', () => {
    const text = [
      '\uFEFFWEBVTT - lecture',
      'NOTE 00:00:01.000 --> 00:00:02.000\nnot said',
      'STYLE\n::cue { color: red }',
      '7f-1\n100:00:00.000 --> 100:00:01.000 align:start position:0%\n<c.loud>Late</c>',
      '00:00:02.000 --> 00:00:03.000\n<v Ada>One</v>\n<v Grace>Two</v>',
    ].join('\r\n\r\n')
    expect(readCaptions(text)).toEqual([
      { startMs: 2_000, endMs: 3_000, speaker: 'Ada', text: 'One' },
      { startMs: 2_000, endMs: 3_000, speaker: 'Grace', text: 'Two' },
      { startMs: 360_000_000, endMs: 360_001_000, speaker: null, text: 'Late' },
    ])
  })

  it('never end before they begin', () => {
    const [cue] = readCaptions(vtt('00:00:05.000 --> 00:00:04.000\nback'))
    expect(cue).toMatchObject({ startMs: 5_000, endMs: 5_001 })
  })

  it('keep apart what is said in a voice and beside it', () => {
    const cues = readCaptions(vtt('00:00:01.000 --> 00:00:02.000\nOne <v.loud Ada\nLovelace>two</v> three'))
    expect(cues.map(({ speaker, text }) => [speaker, text])).toEqual([
      [null, 'One'],
      ['Ada Lovelace', 'two'],
      [null, 'three'],
    ])
  })

  it('need no blank line between them', () => {
    const cues = readCaptions('00:00:01.000 --> 00:00:02.000\nHello\n00:00:03.000 --> 00:00:04.000\nagain')
    expect(cues.map(({ startMs, text }) => [startMs, text])).toEqual([
      [1_000, 'Hello'],
      [3_000, 'again'],
    ])
  })

  it('leave alone what is no entity', () => {
    const [cue] = readCaptions(vtt('00:00:01.000 --> 00:00:02.000\n&constructor; &amp;lt; R&D &nbsp;'))
    expect(cue?.text).toBe('&constructor; &lt; R&D')
  })

  it('may be none, and are not a page of something else', () => {
    expect(readCaptions('')).toEqual([])
    expect(readCaptions('WEBVTT\n')).toEqual([])
    expect(readCaptions(vtt('NOTE duration:"00:10:00"', 'NOTE language:en-us'))).toEqual([])
    expect(() => readCaptions('<html><body>Sign in</body></html>')).toThrow('no caption')
  })

  it('cannot be broken by what is said', () => {
    const cues: Cue[] = [{ startMs: 0, endMs: 10, speaker: 'A<b> --> c', text: '1 --> 2\n\n<v Eve>x' }]
    const written = writeCaptions(cues)
    expect(written.match(/-->/g)).toHaveLength(1)
    expect(readCaptions(written)).toEqual([{ startMs: 0, endMs: 10, speaker: 'A<b> --> c', text: '1 --> 2\n<v Eve>x' }])
  })

  it('are written without a blank line, an empty name or a time that no player takes', () => {
    const text = 'one\r\n\r\ntwo\n  \nthree\r'
    expect(writeCaptions([{ startMs: -3.5, endMs: -1, speaker: ' ', text }])).toBe(
      'WEBVTT\n\n00:00:00.000 --> 00:00:00.001\none\ntwo\nthree\n',
    )
  })

  it('have no arrow in a tag', () => {
    const cues: Cue[] = [{ startMs: 0, endMs: 10, speaker: 'Ada --', text: 'x' }]
    expect(writeCaptions(cues).match(/-->/g)).toHaveLength(1)
    expect(readCaptions(writeCaptions(cues))).toEqual(cues)
  })

  const Words = fc
    .array(fc.stringMatching(/^[A-Za-z0-9&<>"'.,:!?\-é漢]{1,12}$/), { minLength: 1, maxLength: 6 })
    .map((words) => words.join(' '))
  const AnyCue = fc
    .record({
      startMs: fc.nat(20_000_000),
      lengthMs: fc.integer({ min: 1, max: 60_000 }),
      speaker: fc.option(Words),
      text: Words,
    })
    .map(({ lengthMs, ...cue }) => ({ ...cue, endMs: cue.startMs + lengthMs }))

  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(AnyCue), (cues) => {
        const inOrder = cues.toSorted((a, b) => a.startMs - b.startMs)
        expect(readCaptions(writeCaptions(inOrder))).toEqual(inOrder)
      }),
    )
  })

  it('are written as a player can read them, whatever came in', () => {
    const noise = fc.oneof(fc.string(), fc.constantFrom('\n', '\n\n', '<v Ada>', '</v>', '-->', '00:00:01.000', '&lt;'))
    fc.assert(
      fc.property(fc.array(noise), (parts) => {
        const text = `WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n${parts.join('')}`
        const written = writeCaptions(readCaptions(text))
        for (const block of written.trim().split('\n\n').slice(1)) {
          expect(block).toMatch(/^\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3}\n./)
        }
        expect(readCaptions(written)).toEqual(readCaptions(text))
      }),
    )
  })
})
