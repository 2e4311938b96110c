/** The part of autocannon that we use: it brings no types. */
declare module 'autocannon' {
  export interface LoadRequest {
    method?: string
    path?: string
    headers?: Record<string, string>
    body?: string
    /** Called before each sending. */
    setupRequest?(request: LoadRequest): LoadRequest
  }
  export interface Load {
    url: string
    connections: number
    /** Seconds. */
    duration: number
    /** Sent in turn by each connection, unless it is given others. */
    requests: LoadRequest[]
    setupClient?(connection: {
      setRequests(requests: LoadRequest[]): void
      on(event: 'headers', listen: (head: { statusCode: number; headers: string[] }) => void): void
    }): void
  }
  export interface LoadResult {
    '2xx': number
    non2xx: number
    errors: number
    /** Seconds. */
    duration: number
  }
  export default function autocannon(load: Load): Promise<LoadResult>
}
