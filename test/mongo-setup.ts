import type { TestProject } from 'vitest/node'
import { HOW_TO_HAVE_ONE, launchMongoServer } from '../scripts/mongo-server/launch.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Null where this machine has no MongoDB server. */
    mongoUrl: string | null
  }
}

/** One server for all test files of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await launchMongoServer()
  if (!server && process.env.REQUIRE_MONGO === '1') {
    throw new Error(`REQUIRE_MONGO=1, but there is no MongoDB server: ${HOW_TO_HAVE_ONE}`)
  }
  console.log(server ? `MongoDB tests run on ${server.describedAs}` : `MongoDB tests are skipped: ${HOW_TO_HAVE_ONE}`)
  project.provide('mongoUrl', server?.url ?? null)
  return async () => server?.stop()
}
