// Captions as Teams writes them and as players read them.
// https://www.w3.org/TR/webvtt1/ and https://learn.microsoft.com/graph/api/calltranscript-get

/** What one person says during a stretch of a recording. */
export interface Cue {
  startMs: number
  endMs: number
  /** Null where the tenant does not let apps know who speaks. */
  speaker: string | null
  text: string
}

/** Players drop a cue that ends when it begins. */
const SHORTEST_MS = 1
const TIMING = /^(-?)((?:\d+:)?\d{1,2}:\d{2}[.,]\d{3})\s+-->\s+(-?)((?:\d+:)?\d{1,2}:\d{2}[.,]\d{3})/

/**
 * The cues of a transcript with or without its WebVTT header, in order. What was said before the recording began
 * (Teams gives it negative times) is left out, as far as it was over by then.
 *
 * @throws Error where the text has content and no cue
 */
export function readCaptions(text: string): Cue[] {
  const clean = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  const blocks = clean.split(/\n{2,}/).map((block) => block.split('\n'))
  const timed = blocks.filter((lines) => !isAside(lines) && lines.some((line) => TIMING.test(line)))
  if (timed.length === 0 && !isSilent(clean)) throw new Error('there is no caption in it')
  return timed
    .flatMap(readBlock)
    .filter(({ endMs, text: said }) => endMs > 0 && said !== '')
    .map((cue) => ({ ...cue, startMs: Math.max(0, cue.startMs) }))
    .sort((a, b) => a.startMs - b.startMs)
}

/** Nothing was said: what Teams writes then has a header, and maybe notes. */
function isSilent(text: string): boolean {
  return text.trim() === '' || (/^WEBVTT(\s|$)/.test(text) && !text.includes('-->'))
}

function isAside(lines: string[]): boolean {
  return /^(NOTE|STYLE|REGION)(\s|$)/.test(lines[0] ?? '')
}

/** The cues between two blank lines: one, but each time line begins another. */
function readBlock(lines: string[]): Cue[] {
  const starts = lines.flatMap((line, index) => (TIMING.test(line) ? index : []))
  return starts.flatMap((at, n) => readCue(lines[at] ?? '', lines.slice(at + 1, starts[n + 1])))
}

function readCue(timing: string, said: string[]): Cue[] {
  const [, startSign, start = '', endSign, end = ''] = TIMING.exec(timing) ?? []
  const startMs = millisecondsOf(start) * (startSign ? -1 : 1)
  const endMs = Math.max(millisecondsOf(end) * (endSign ? -1 : 1), startMs + SHORTEST_MS)
  return voicesOf(said.join('\n')).map((voice) => ({ startMs, endMs, ...voice }))
}

function millisecondsOf(time: string): number {
  const [seconds = '0', minutes = '0', hours = '0'] = time.replace(',', '.').split(':').reverse()
  return Math.round(Number(seconds) * 1000) + Number(minutes) * 60_000 + Number(hours) * 3_600_000
}

/** Each voice of a cue; what is said outside of them belongs to nobody. */
function voicesOf(text: string): Pick<Cue, 'speaker' | 'text'>[] {
  const parts = text.split(/<v(?:\.[^\s<>]*)?\s([^<>]*)>|<\/v>/)
  const voices: Pick<Cue, 'speaker' | 'text'>[] = [{ speaker: null, text: plain(parts[0] ?? '') }]
  for (let index = 1; index < parts.length; index += 2) {
    voices.push({ speaker: onOneLine(plain(parts[index] ?? '')) || null, text: plain(parts[index + 1] ?? '') })
  }
  return voices.filter((voice) => voice.text !== '')
}

const ENTITIES = new Map(Object.entries({ amp: '&', lt: '<', gt: '>', nbsp: ' ', quot: '"', lrm: '', rlm: '' }))

function plain(text: string): string {
  const untagged = text.replace(/<[^<>]*>/g, '')
  return withoutBlankLines(untagged.replace(/&(\w+);/g, (entity, name: string) => ENTITIES.get(name) ?? entity))
}

function withoutBlankLines(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim())
  return lines.filter(Boolean).join('\n')
}

/** WebVTT for a player. Nothing that was said can end a cue or begin a tag. */
export function writeCaptions(cues: Cue[]): string {
  const blocks = cues.map(({ startMs, endMs, speaker, text }) => {
    const said = escaped(withoutBlankLines(text))
    // A name that ends with two hyphens would make an arrow of its tag.
    const name = escaped(onOneLine(speaker ?? '')).replace(/--$/, '-- ')
    const from = Math.max(0, Math.round(startMs))
    const until = Math.max(from + SHORTEST_MS, Math.round(endMs))
    return `${stamp(from)} --> ${stamp(until)}\n${name ? `<v ${name}>${said}</v>` : said}`
  })
  return `${['WEBVTT', ...blocks].join('\n\n')}\n`
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function stamp(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const seconds = `${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${seconds}`
}
