/** In which of two media types an answer goes out (https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types). Pure. */

const modern = 'application/graphql-response+json'
const classic = 'application/json'

/** Whether a client names the newer one, and likes the other one no better. @param accept The request's header. */
export function wantsModern(accept: string | null): boolean {
  const liking = (type: string) => {
    const named = accept?.split(',').find((one) => one.trim().toLowerCase().split(/\s*;/)[0] === type)
    return named ? Number(/;\s*q=([\d.]+)/.exec(named)?.[1] ?? 1) : -1
  }
  return liking(modern) > 0 && liking(modern) >= liking(classic)
}

export const contentType = (isModern: boolean): string => `${isModern ? modern : classic}; charset=utf-8`
