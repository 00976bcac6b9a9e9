import { MongoBulkWriteError, MongoServerError } from 'mongodb'

const DUPLICATE_KEY = 11_000

/** Runs an insert; false where something of the same key is there already. */
export async function inserted(insert: Promise<unknown>): Promise<boolean> {
  try {
    await insert
    return true
  } catch (error) {
    if (isDuplicate(error)) return false
    throw error
  }
}

function isDuplicate(error: unknown): boolean {
  if (error instanceof MongoBulkWriteError) {
    const all = [error.writeErrors].flat().every(({ code }) => code === DUPLICATE_KEY)
    return all && !error.result.getWriteConcernError()
  }
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY
}
