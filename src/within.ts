/** The promise, or `tooLate` when it takes longer than `ms`; the work itself goes on, and nobody waits for it. */
export async function within<T>(ms: number, work: Promise<T>, tooLate: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), ms)
  })
  return Promise.race([work, deadline]).finally(() => clearTimeout(timer))
}
