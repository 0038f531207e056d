import { AuthorityError } from '../error.ts'
import { mayPostTo, type PostContext } from './post-notice.ts'

/**
 * Returns the URL, which notices may go to now: https, or http on the machine of an authority that is reached there
 * itself; without credentials; with a host whose every address is allowed.
 *
 * @throws AuthorityError `input_invalid` (`url`)
 */
export async function checkWebhookUrl(context: PostContext, text: string): Promise<URL> {
  const url = URL.parse(text)
  if (!url) throw refuse('A webhook is an absolute URL, such as https://chat.example/hooks/7')
  const isSecure = url.protocol === 'https:'
  if (!isSecure && !(context.rule.takesHttp && url.protocol === 'http:')) {
    throw refuse('A webhook must be on https')
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw refuse('A webhook has neither credentials nor a fragment in its URL')
  }
  const problem = await mayPostTo(context, url)
  if (problem === undefined) return url
  throw problem === 'name_unknown'
    ? refuse('The host of this webhook has no address: is it spelled right?')
    : refuse(
        'The host of this webhook is at an address that notices may not go to: whoever runs this authority can name it',
      )
}

function refuse(message: string): AuthorityError {
  return new AuthorityError('input_invalid', message, { field: 'url' })
}
