/** Answers are compressed for clients that take gzip. Off where a proxy in front does it: COMPRESSION_ENABLED=false. */
import { definePlugin, env, type Handler, points, type RequestContext } from 'plinth'
import * as v from 'valibot'
import { compress, isCompressible, takesGzip } from './compress.ts'

const Options = v.object({
  COMPRESSION_ENABLED: env.boolean(true),
  /** Bytes from which on it is worth the work. */
  COMPRESSION_MIN: env.size('1kb'),
})

export const compression = definePlugin({
  name: 'compression',
  options: Options,
  setup(host, options) {
    if (!options.COMPRESSION_ENABLED || typeof CompressionStream === 'undefined') return
    const compressAnswer: Handler<RequestContext> = async (context, next) => {
      await next()
      const { request, response } = context
      if (response && request.method !== 'HEAD' && isCompressible(response))
        context.response = await compress(response, options.COMPRESSION_MIN)
    }
    host.hook(points.request, function compressAnswers(context, next) {
      return takesGzip(context.header('accept-encoding')) ? compressAnswer(context, next) : next()
    })
  },
})
