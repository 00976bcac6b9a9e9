export interface Table {
  title: string
  head: string[]
  rows: string[][]
  /** What a reader has to know beside the figures. */
  note?: string
}

export function markdown({ title, head, rows, note }: Table): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  const rule = `|${head.map((_cell, index) => (index === 0 ? ' --- ' : ' ---: ')).join('|')}|`
  const table = [line(head), rule, ...rows.map(line)].join('\n')
  return `## ${title}\n\n${table}\n${note ? `\n${note}\n` : ''}`
}

export function number(value: number): string {
  return Math.round(value).toLocaleString('en')
}

export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`
}

export function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
