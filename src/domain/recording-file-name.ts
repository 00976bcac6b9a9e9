// Teams names a recording `<Title>-YYYYMMDD_HHMMSSUTC-Meeting Recording.mp4`. Older clients leave out `UTC` and write
// the recorder's wall clock, which says nothing about the instant; the last part is localised.

const STAMP = /^(?<title>.*)-(?<date>\d{8})_(?<time>\d{4}(?:\d{2})?)(?<zone>UTC)?(?:-[^-]*)*$/

export interface ParsedFileName {
  title: string
  /** ISO 8601; null where the name carries no instant. */
  startedAt: string | null
}

export function parseFileName(name: string): ParsedFileName {
  const base = name.replace(/\.[^.]{2,4}$/, '')
  const groups = STAMP.exec(base)?.groups
  if (!groups) return { title: base, startedAt: null }
  return {
    title: (groups.title ?? base).trim(),
    startedAt: groups.zone ? instantOf(groups.date ?? '', groups.time ?? '') : null,
  }
}

function instantOf(date: string, time: string): string | null {
  const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6, 8)]
  const [hour, minute, second] = [time.slice(0, 2), time.slice(2, 4), time.slice(4, 6) || '00']
  const instant = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`)
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString()
}
