import { AuthorityError } from '../error.ts'
import { mayPostTo, type PostContext } from './post-notice.ts'

/**
 * Returns the URL, which notices may go to now: https, or also http; without credentials; with a host whose every
 * address is allowed.
 *
 * @param given.field - the member of the body that it came in
 * @throws AuthorityError `input_invalid` with the field
 */
export async function checkTargetUrl(
  context: PostContext,
  { text, field, takesHttp }: { readonly text: string; readonly field: string; readonly takesHttp: boolean },
): Promise<URL> {
  const refuse = (message: string): AuthorityError => new AuthorityError('input_invalid', message, { field })
  const url = URL.parse(text)
  if (!url) throw refuse('This is no absolute URL, such as https://chat.example/hooks/7')
  const isSecure = url.protocol === 'https:'
  if (!isSecure && !(takesHttp && url.protocol === 'http:')) {
    throw refuse('Notices go to https only')
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw refuse('Notices go to no URL with credentials or a fragment')
  }
  const problem = await mayPostTo(context, url)
  if (problem === undefined) return url
  throw problem === 'name_unknown'
    ? refuse('The host has no address: is it spelled right?')
    : refuse('The host is at an address that notices may not go to; whoever runs this authority can name it')
}
