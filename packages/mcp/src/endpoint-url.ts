/**
 * The URL of an endpoint, in the one spelling that capabilities compare.
 *
 * @throws TypeError
 */
export function parseEndpointUrl(address: string): URL {
  const url = URL.parse(address)
  if (url === null || url.href !== address || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new TypeError(`url: ${address} is not an endpoint without query and fragment, as URL spells it`)
  }
  return url
}
