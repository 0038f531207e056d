/**
 * The same response, whose body cuts the connection when it fails, without a word: that its reader was too slow is
 * no fault of the server, which would print it. A body that is whole already is left alone.
 *
 * @param cut ends the connection
 */
export function cutFailedStream(response: Response, cut: () => void): Response {
  if (response.body === null || response.headers.get('content-type') !== 'text/event-stream') return response
  const reader = response.body.getReader()
  // Also while nobody asks for more, as whoever stopped reading does not.
  reader.closed.catch(cut)
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
        if (done || value === undefined) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, response)
}
