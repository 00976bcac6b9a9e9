import { z } from 'zod'
import type { GraphClient } from './client.ts'

/** Every item of a list, page by page. */
export async function readAll<S extends z.ZodType>(graph: GraphClient, path: string, item: S): Promise<z.output<S>[]> {
  const Page = z.object({ value: z.array(item), '@odata.nextLink': z.string().optional() })
  const all: z.output<S>[] = []
  let link: string | undefined = path
  while (link) {
    const page: z.output<typeof Page> = await graph.get(link, Page)
    all.push(...page.value)
    link = page['@odata.nextLink']
  }
  return all
}
