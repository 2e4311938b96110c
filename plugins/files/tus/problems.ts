/** What resumable uploads may be refused for, and the form of it: the API's own, with the headers that their clients look for. */
import { defineProblems, type Renderer } from 'plinth'

export const tusVersion = '1.0.0'

export const tusProblems = defineProblems({
  INVALID_METADATA: { status: 400, message: 'The header Upload-Metadata is not valid.' },
  UPLOAD_NOT_FOUND: { status: 404, message: 'There is no such upload.' },
  UPLOAD_CONFLICT: { status: 409, message: 'The upload is elsewhere.', hint: 'Ask by HEAD where it goes on.' },
  UPLOAD_EXPIRED: { status: 410, message: 'The upload was left alone for too long.' },
  UNSUPPORTED_VERSION: { status: 412, message: `The header Tus-Resumable must be ${tusVersion}.` },
  CHECKSUM_MISMATCH: { status: 460, message: 'What arrived does not have the checksum that was sent.' },
})

export const render: Renderer = (found) =>
  new Response(JSON.stringify({ errors: found }), {
    status: found[0]!.status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'tus-resumable': tusVersion,
      ...(found[0]!.status === 412 && { 'tus-version': tusVersion }),
    },
  })
