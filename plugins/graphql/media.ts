/** In which of two media types an answer goes out (https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types). Pure. */

const modern = 'application/graphql-response+json'
const classic = 'application/json'

/** Whether a client names `type`, and likes JSON no better. @param accept The request's header. */
function prefers(accept: string | null, type: string): boolean {
  const liking = (type: string) => {
    const named = accept?.split(',').find((one) => one.trim().toLowerCase().split(/\s*;/)[0] === type)
    return named ? Number(/;\s*q=([\d.]+)/i.exec(named)?.[1] ?? 1) : -1
  }
  return liking(type) > 0 && liking(type) >= liking(classic)
}

export const wantsModern = (accept: string | null): boolean => prefers(accept, modern)

export const wantsPage = (accept: string | null): boolean => prefers(accept, 'text/html')

export const contentType = (isModern: boolean): string => `${isModern ? modern : classic}; charset=utf-8`
